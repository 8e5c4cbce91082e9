"""A case that was given to the volunteers is settled by the end of their task, or comes back."""

from collections.abc import Sequence
from typing import Any

from services.issues.domain.case import Case, Change
from services.issues.domain.life import give_back, resolve
from services.issues.domain.photos import PhotosMissing
from services.issues.domain.tasks import DONE, is_present
from services.issues.store.cases import case_by_id, entered_at
from services.issues.usecases.case_facts import say_resolved
from services.issues.usecases.changing_case import record
from services.issues.usecases.demand_photos import check_demanded
from services.issues.usecases.return_case import say_returned
from shared.contracts.event import Event
from shared.contracts.volunteer.task import TaskCompleted, TaskExpired
from shared.database.work import Work

CASE = "case"
NOBODY = "volunteers"
"""Who acts when no volunteer is named: a code, as `dispatch` is."""


async def follow_tasks(work: Work, events: Sequence[Event[Any]]) -> None:
    """Take in how tasks ended, in any order: only the task that a case waits for changes it."""
    for event in events:
        task = event.data
        if event.imported or not isinstance(task, TaskCompleted | TaskExpired):
            continue
        case = await _waiting(work, event, task)
        if case is None:
            continue
        reason = await _not_settled(work, case, task.outcome)
        if reason is None:
            await _resolve(work, event, case)
        else:
            await _return(work, event, case, reason)


async def _waiting(work: Work, event: Event[Any], task: TaskCompleted | TaskExpired) -> Case | None:
    about = task.about
    if about is None or about.type != CASE:
        return None
    found = await case_by_id(work.connection, event.community, about.id, lock=True)
    if found is None:
        return None
    case = found[0]
    assigned_at = await entered_at(work.connection, case, case.assigned_version) or case.reported_at
    return case if is_present(case, about.version, event.time, assigned_at) else None


async def _not_settled(work: Work, case: Case, outcome: str) -> str | None:
    """Tell why a case is not settled by the end of its task: by how it ended, or for want of photos."""
    if outcome != DONE:
        return outcome
    try:
        await check_demanded(work, case)
    except PhotosMissing:
        return "photos-missing"
    return None


async def _resolve(work: Work, event: Event[TaskCompleted], before: Case) -> None:
    by = event.data.volunteers or (NOBODY,)
    case = resolve(before, by, work.now)
    await record(work, case, Change.resolved, detail=_detail(event), actor=by[0])
    await say_resolved(work, case, by[0], event.traceparent)


async def _return(work: Work, event: Event[Any], before: Case, reason: str) -> None:
    by = getattr(event.data, "volunteers", ()) or (NOBODY,)
    case = give_back(before)
    await record(work, case, Change.returned, detail={**_detail(event), "reason": reason}, actor=by[0])
    await say_returned(work, case, before.assignee, reason, event.traceparent)


def _detail(event: Event[Any]) -> dict[str, Any]:
    return {"task": str(event.data.task)}
