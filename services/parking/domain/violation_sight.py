"""Who sees how much of a violation: all follow the same case, nobody sees more than their role needs."""

from collections.abc import Collection
from enum import StrEnum

IN_CHARGE = frozenset({"property", "operator", "guard", "street"})
ASKED = frozenset({"steward"})


class Sight(StrEnum):
    """`full`: the plate, whose car it is, who looked; `asked`: the looks without names; `own`: its course."""

    full = "full"
    asked = "asked"
    own = "own"


def sight_of(roles: Collection[str], *, concerned: bool, goes: bool = False) -> Sight | None:
    """How much somebody sees; `concerned` are the household, a visitor's host, and who reported it.

    Whoever `goes` to look, having taken the task, sees what those see whom one asks by their role.

    None: for them it does not exist.
    """
    if IN_CHARGE.intersection(roles):
        return Sight.full
    if goes or ASKED.intersection(roles):
        return Sight.asked
    return Sight.own if concerned else None
