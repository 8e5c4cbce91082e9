"""Cases become tasks when they are given to the volunteers, and end them when they no longer are."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.volunteer.domain.offer import first_asked
from services.volunteer.domain.task import Effort, Outcome, Task
from services.volunteer.store import claims, endings, tasks
from services.volunteer.usecases.end_task import complete
from services.volunteer.usecases.kinds import CASE_KIND, kind_for
from services.volunteer.usecases.task_facts import tell_opened
from shared.contracts.event import Event
from shared.contracts.issues.case import IssueAssigned, IssueResolved
from shared.contracts.issues.life import IssueRefused, IssueReturned, IssueWithdrawn
from shared.database.work import Work
from shared.identifiers import new_id

CASE = "case"
Elsewhere = IssueResolved | IssueReturned | IssueRefused | IssueWithdrawn


async def follow_cases(work: Work, events: Sequence[Event[Any]]) -> None:
    """Makes one task of each event that gives a case to the volunteers; each ends what was open about it.

    What is told late, or again, changes nothing: of each case it is remembered how much has been heard.
    """
    for event in events:
        case = event.data
        if event.imported or not isinstance(case, IssueAssigned | Elsewhere):
            continue
        if not await endings.is_news(work.connection, event.community, case.case, event.sequence, work.now):
            continue
        await _not_needed(work, event, case)
        if isinstance(case, IssueAssigned) and case.assignee.volunteers:
            await _open(work, event, case)


async def _open(work: Work, event: Event[Any], case: IssueAssigned) -> None:
    kind, rules = await kind_for(work.connection, event.community, case.category, CASE_KIND)
    places, two_persons = rules.places_for(first_visit=False, never_alone=False)
    ends_at = work.now + timedelta(minutes=rules.window_minutes)
    # A deadline that is past, or nearly, still leaves the time that such a task takes.
    if case.due_at is not None and case.due_at >= work.now + timedelta(minutes=rules.minutes):
        ends_at = case.due_at
    task = Task(
        id=new_id(),
        community=event.community,
        kind=kind,
        rules=rules,
        effort=Effort(rules.minutes),
        starts_at=work.now,
        ends_at=ends_at,
        places=places,
        two_persons=two_persons,
        opened_at=work.now,
        look_at=ends_at,
        offer_at=first_asked(rules, work.now, work.now),
        about_type=CASE,
        about_id=case.case,
        about_version=event.sequence,
        place=case.place or case.assignee.place,
    )
    if await tasks.add(work.connection, task, event.id):
        tell_opened(work, task, task.places, traceparent=event.traceparent)


async def _not_needed(work: Work, event: Event[Any], case: IssueAssigned | Elsewhere) -> None:
    for task in await tasks.open_about(work.connection, event.community, CASE, case.case):
        held = await claims.of_task(work.connection, event.community, task.id)
        await complete(work, task, Outcome.not_needed, held, traceparent=event.traceparent)
