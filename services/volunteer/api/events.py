"""Who may see which fact of volunteer at `GET /events`, as it happens."""

from collections.abc import Iterable

from services.volunteer.api.access import STAFF
from shared import contracts
from shared.contracts import DisputeDecided, TaskClaimed, TaskCompleted, TaskDisputed, TaskExpired, TaskOpened
from shared.http.sight import Concerned, Watch, visible_to

Told = TaskOpened | TaskClaimed | TaskCompleted | TaskExpired | TaskDisputed | DisputeDecided


def _asking(fact: Told) -> Iterable[Concerned]:
    """Who asked, and whom it is for: others see tasks on the board, which names neither."""
    return (fact.asked_by, *fact.family)


def _and_released(fact: TaskOpened | TaskClaimed | TaskExpired) -> Iterable[Concerned]:
    return (*fact.released, *_asking(fact))


def _all_of(fact: TaskCompleted) -> Iterable[Concerned]:
    return (*fact.volunteers, *fact.released, *_asking(fact))


WATCH: Watch = {
    contracts.VolunteerRegistered: visible_to(*STAFF, concerned=lambda fact: (fact.person,)),
    contracts.DutyStarted: visible_to(*STAFF, concerned=lambda fact: (fact.person,)),
    contracts.DutyEnded: visible_to(*STAFF, concerned=lambda fact: (fact.person,)),
    contracts.TaskOpened: visible_to(*STAFF, concerned=_and_released),
    contracts.TaskOffered: visible_to(*STAFF, concerned=lambda fact: (fact.person,)),
    contracts.TaskClaimed: visible_to(*STAFF, concerned=lambda fact: (fact.person, *_and_released(fact))),
    contracts.TaskCompleted: visible_to(*STAFF, concerned=_all_of),
    contracts.TaskExpired: visible_to(*STAFF, concerned=_and_released),
    contracts.TaskDisputed: visible_to(*STAFF, concerned=lambda fact: (*fact.volunteers, *_asking(fact))),
    contracts.DisputeDecided: visible_to(*STAFF, concerned=lambda fact: (*fact.volunteers, *_asking(fact))),
    contracts.HoursCredited: visible_to(*STAFF, concerned=lambda fact: (fact.person,)),
}
