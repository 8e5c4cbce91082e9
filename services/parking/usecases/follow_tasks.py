"""A person was asked to look: who goes may see which car; what they found is a look, or the next step."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.parking.domain.violation import Says, cleared, given_up, proves
from services.parking.store import households, sightings, violations
from services.parking.store.violations import TakenStep, Violation
from services.parking.usecases.violation_facts import owners_of, tell_cleared, tell_stepped
from shared.contracts import Event, TaskClaimed, TaskCompleted, TaskExpired, TaskOpened
from shared.database.work import Work

VIOLATION = "violation"
FOUND_GONE = frozenset({"done", "not-needed"})
"""What those say who went and found no car; not needed without anybody's having gone is a task called off."""
NOT_POSSIBLE = "not-possible"


async def follow_tasks(work: Work, events: Sequence[Event[Any]]) -> None:
    """Take up what is said of tasks about violations; repetition and order end alike.

    Tasks about what is over, or whose step was followed by the next one already, change nothing.
    """
    ours = [event for event in events if _violation(event) is not None and not event.imported]
    if not ours:
        return
    found = await violations.lock(work.connection, {event.data.about.id for event in ours})
    known = {(each.community, each.id): each for each in found}
    for event in ours:
        violation = known.get((event.community, event.data.about.id))
        if violation is None:
            continue
        if goes := _goes(event.data):
            await violations.put_helpers(work.connection, violation, goes, event.sequence, work.now)
        if isinstance(event.data, TaskCompleted):
            known[violation.community, violation.id] = await _answer(work, violation, event)


async def _answer(work: Work, violation: Violation, event: Event[TaskCompleted]) -> Violation:
    """Take the look of those who went, or their word that it cannot be done."""
    task, course = event.data, violation.course
    persons = await households.persons_of(work.connection, [violation.household])
    if task.outcome in FOUND_GONE and task.volunteers:
        await _keep(work, violation, task)
        if proves(task.volunteers, task.evidence, owners_of(violation, persons)):
            course = cleared(course, Says.moved, task.completed_at, work.now)
    elif task.outcome == NOT_POSSIBLE:
        course = given_up(course, work.now)
    if course == violation.course:
        return violation
    if course.outcome is not None:
        changed = tell_cleared(work, violation, course, persons, event.traceparent)
    else:
        changed = tell_stepped(work, violation, course, persons, event.traceparent)
        await violations.add_steps(work.connection, [TakenStep(changed, task.outcome, work.now)])
    await violations.put(work.connection, [changed])
    return changed


async def _keep(work: Work, violation: Violation, task: TaskCompleted) -> None:
    """Keep what those found who were asked, as the report of a task: which, and who did it."""
    look = sightings.at_case(
        violation,
        Says.moved,
        task.completed_at,
        work.now,
        source="task",
        source_id="/".join([str(task.task), *task.volunteers]),
        evidence=task.evidence,
    )
    await sightings.add(work.connection, [look])


def _goes(fact: TaskOpened | TaskClaimed | TaskCompleted | TaskExpired) -> dict[str, bool]:
    """Who goes from now on, and who does not any more; who went may see how it goes on."""
    if isinstance(fact, TaskCompleted | TaskExpired):
        return dict.fromkeys(fact.released, False)
    left = {} if fact.left is None else {fact.left: False}
    return left | ({fact.person: True} if isinstance(fact, TaskClaimed) else {})


def _violation(event: Event[Any]) -> UUID | None:
    about = event.data.about
    return None if about is None or about.type != VIOLATION else about.id
