"""The two clocks of a case: its own, and that of each who had it; no change ever sets one back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.issues.domain.case import ENDED, Case, Change
from services.issues.domain.dispatch import Assignee

_TAKEN_OFF = frozenset({Change.returned, Change.resolved, Change.refused, Change.withdrawn, Change.closed})


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a case's history, as far as clocks care; `assignee` is who has the case from then on."""

    change: str
    at: datetime
    assignee: Assignee | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long a case has taken, and each who had it; whole seconds.

    `case` is None of an imported case that ended nobody knows when, `since` when the present assignee got it.
    """

    case: int | None
    handlers: dict[Assignee, int]
    since: datetime | None


def clocks(case: Case, steps: Iterable[Step], now: datetime) -> Clocks:
    """Read both clocks from the history, in its order.

    The case's clock runs from the report to the end, also while it was closed and then reopened. A handler's
    runs while they have the case and nobody calls it settled; what comes back to them goes on where it was.
    """
    spent: dict[Assignee, int] = {}
    holder: Assignee | None = None
    since: datetime | None = None

    def take_off(at: datetime) -> None:
        if holder is not None and since is not None:
            spent[holder] = spent.get(holder, 0) + _seconds(since, at)

    for step in steps:
        if step.assignee is not None:
            take_off(step.at)
            holder, since = step.assignee, step.at
        elif step.change in _TAKEN_OFF:
            take_off(step.at)
            holder, since = None, None
    take_off(now)
    ended = case.closed_at if case.state in ENDED else now
    return Clocks(None if ended is None else _seconds(case.reported_at, ended), spent, since)


def _seconds(start: datetime, end: datetime) -> int:
    # A change that waited for another's lock may carry the earlier time; no clock runs backwards for it.
    return max(0, int((end - start).total_seconds()))
