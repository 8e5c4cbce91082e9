"""A violation for which a person is needed becomes a task, and ends it when the car is gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.volunteer.domain.kind import KindRules
from services.volunteer.domain.offer import first_asked
from services.volunteer.domain.task import Effort, Outcome, Task
from services.volunteer.store import claims, endings, tasks
from services.volunteer.usecases.end_task import complete
from services.volunteer.usecases.kinds import VIOLATION_KIND, kind_for
from services.volunteer.usecases.task_facts import tell_opened
from shared.contracts import Event, ViolationCleared, ViolationEscalated
from shared.database.work import Work
from shared.identifiers import new_id

VIOLATION = "violation"
ASKED_FOR = "ask-person"


async def follow_violations(work: Work, events: Sequence[Event[Any]]) -> None:
    """Makes one task of each violation that asks for a person, whatever the order and repetition of events.

    What is cleared is remembered, so that a step told late opens nothing.
    """
    for event in events:
        fact = event.data
        if event.imported:
            continue
        if isinstance(fact, ViolationCleared):
            await _cleared(work, event, fact)
        elif isinstance(fact, ViolationEscalated) and fact.action == ASKED_FOR:
            await _asked(work, event, fact)


async def _asked(work: Work, event: Event[Any], fact: ViolationEscalated) -> None:
    community = event.community
    if await endings.ended(work.connection, community, fact.violation):
        return
    if await tasks.open_about(work.connection, community, VIOLATION, fact.violation):
        return
    kind, rules = await kind_for(work.connection, community, fact.kind, VIOLATION_KIND)
    places, two_persons = rules.places_for(first_visit=False, never_alone=False)
    effort, ends_at = _time(fact, rules, work.now)
    task = Task(
        id=new_id(),
        community=community,
        kind=kind,
        rules=rules,
        effort=effort,
        starts_at=work.now,
        ends_at=ends_at,
        places=places,
        two_persons=two_persons,
        opened_at=work.now,
        look_at=ends_at,
        about_type=VIOLATION,
        about_id=fact.violation,
        about_version=event.sequence,
        place=fact.place,
        offer_at=first_asked(rules, work.now, work.now),
    )
    if await tasks.add(work.connection, task, event.id):
        tell_opened(work, task, task.places, traceparent=event.traceparent)


def _time(fact: ViolationEscalated, rules: KindRules, now: datetime) -> tuple[Effort, datetime]:
    """What a look takes and by when it must be done; what is told too late leaves the time that was meant.

    A look takes at most half of that time: whoever hears of it in the other half can still promise it.
    """
    due_at = fact.due_at or fact.escalated_at + timedelta(minutes=rules.window_minutes)
    meant = due_at - fact.escalated_at
    minutes = min(rules.minutes, max(1, meant // timedelta(minutes=2)))
    in_time = due_at - now >= timedelta(minutes=minutes)
    return Effort(minutes), due_at if in_time else now + meant


async def _cleared(work: Work, event: Event[Any], fact: ViolationCleared) -> None:
    await endings.note(work.connection, event.community, fact.violation, work.now)
    for task in await tasks.open_about(work.connection, event.community, VIOLATION, fact.violation):
        held = await claims.of_task(work.connection, event.community, task.id)
        await complete(work, task, Outcome.not_needed, held, traceparent=event.traceparent)
