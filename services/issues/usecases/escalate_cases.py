"""The clock tells those above of cases that are late, level by level, each level once."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from services.issues.domain.case import Case
from services.issues.domain.escalation import Step, climb
from services.issues.store.escalations import LateCase, Reached, late_cases, record_reached
from services.issues.store.followers import followers_of
from services.issues.usecases.case_facts import assignee_data, assignee_fact
from services.issues.usecases.routings import CurrentRouting, Routings, learn_places
from shared.contracts.issues.deadline import IssueOverdue
from shared.database.work import Work, Works
from shared.telemetry.logs import log

MOST: Final = 200
WHOLE_EVERY: Final = 15.0
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
ACTOR: Final = "deadline"
RETRIED_AFTER: Final = timedelta(minutes=15)
_FAILED = Counter(
    "linli_issues_escalations_failed_total", "Late cases whose levels could not be told; tried again later"
)


class Watermark:
    """Until when all that was due has been taken: looking from there on spares the index's dead entries.

    What lies before it comes from cases that were reopened or held by somebody: from time to time all is
    looked at.
    """

    def __init__(self, whole_every: float = WHOLE_EVERY) -> None:
        self._whole_every = whole_every
        self._whole_at = -whole_every
        self._until = _BEGINNING

    def since(self) -> datetime:
        """Give the moment from which to look."""
        if time.monotonic() - self._whole_at >= self._whole_every:
            return _BEGINNING
        return self._until

    def looked(self, since: datetime, until: datetime) -> None:
        """Remember that nothing is left between these."""
        if since == _BEGINNING:
            self._whole_at = time.monotonic()
        self._until = until


async def escalate_cases(works: Works, routings: Routings, watermark: Watermark | None = None) -> int:
    """Take up to `MOST` open cases whose next level has come; gives how many were taken.

    A case that somebody is changing at this moment is left to a later run.
    """
    since = _BEGINNING if watermark is None else watermark.since()
    async with works.for_system("/linli/issues/deadlines") as work:
        late = await late_cases(work.connection, since, work.now, MOST)
        if late:
            await _escalate(work, late, routings)
    if watermark is not None and len(late) < MOST:
        watermark.looked(since, work.now)
    return len(late)


async def _escalate(work: Work, late: list[LateCase], routings: Routings) -> None:
    cases = [one.case for one in late]
    current = await routings.current(work.connection, list({case.community for case in cases}))
    await learn_places(work.connection, ((case.community, case.place) for case in cases), current)
    followers = await followers_of(work, [case.id for case in cases])
    reached = []
    for one in late:
        routing = current[one.case.community]
        try:
            steps, again = _climbed(one, work.now, routing)
        except Exception as error:  # noqa: BLE001  the loop's edge: one community's data hold up no other's
            _FAILED.inc()
            log.error("a late case was not escalated", case=str(one.case.id), exc_info=error)
            # Later than now, or it would come before all others again and again.
            steps, again = [], work.now + RETRIED_AFTER
        reached.append(_reached(one, steps, again, routing))
        for number, step in enumerate(steps, start=1):
            _say(work, one.case, step, one.case.version + number, routing, followers)
    await record_reached(work.connection, reached, at=work.now, actor=ACTOR)


def _climbed(late: LateCase, now: datetime, routing: CurrentRouting) -> tuple[list[Step], datetime | None]:
    case = late.case
    assert case.due_at is not None  # a case without a deadline is never looked at
    return climb(routing.ladder(case.category), case.due_at, late.reached, now, routing.calendars)


def _reached(late: LateCase, steps: list[Step], again: datetime | None, routing: CurrentRouting) -> Reached:
    path = routing.path(late.case.place)
    told = tuple((step.number, step.due_at, assignee_data(step.level.target.at(path))) for step in steps)
    return Reached(late.case, told, again)


def _say(
    work: Work,
    case: Case,
    step: Step,
    sequence: int,
    routing: CurrentRouting,
    followers: Mapping[UUID, tuple[str, ...]],
) -> None:
    assert case.due_at is not None
    fact = IssueOverdue(
        case=case.id,
        category=case.category,
        place=case.place,
        priority=case.priority.value,
        reporter=case.reporter,
        followers=followers[case.id],
        level=step.number,
        due_at=case.due_at,
        told=assignee_fact(step.level.target.at(routing.path(case.place))),
        assignee=None if case.assignee is None else assignee_fact(case.assignee),
        escalated_at=work.now,
    )
    work.emit(fact, sequence=sequence, community=case.community, time=step.due_at)
