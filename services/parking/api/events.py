"""Who may see which fact of parking at `GET /events`, as it happens."""

from collections.abc import Iterable

from shared import contracts
from shared.contracts import (
    OverstayRetracted,
    VehicleOverstayed,
    ViolationCleared,
    ViolationEscalated,
    ViolationOpened,
)
from shared.http.sight import Concerned, Watch, visible_to
from shared.security.roles import Role

_ROOM = (Role.property, Role.operator, Role.guard)
_WHOSE = ("household", "owners", "told")
"""Whose car it is and who answers for it, which `GET /violations` does not show to stewards either."""


def _told(fact: VehicleOverstayed | OverstayRetracted) -> Iterable[Concerned]:
    return (fact.told,)


def _following(fact: ViolationOpened | ViolationEscalated | ViolationCleared) -> Iterable[Concerned]:
    return (fact.told, *fact.owners)


_CASE = visible_to(*_ROOM, concerned=_following, partly=(Role.steward,), hidden=_WHOSE)

WATCH: Watch = {
    contracts.VehicleEntered: visible_to(*_ROOM),
    contracts.VehicleExited: visible_to(*_ROOM),
    contracts.VehicleOverstayed: visible_to(*_ROOM, concerned=_told),
    contracts.OverstayRetracted: visible_to(*_ROOM, concerned=_told),
    contracts.VehicleRegistered: visible_to(*_ROOM),
    contracts.VehicleEnded: visible_to(*_ROOM),
    contracts.VehiclePlateChanged: visible_to(*_ROOM),
    contracts.RulesChanged: visible_to(*_ROOM),
    contracts.ViolationOpened: _CASE,
    contracts.ViolationEscalated: _CASE,
    contracts.ViolationCleared: _CASE,
}
