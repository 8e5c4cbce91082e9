"""Whoever has a case gives it back, and says why."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.dispatch import Assignee
from services.issues.domain.life import give_back, must_handle
from services.issues.usecases.case_facts import known_of, say, who_dispatches
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueReturned
from shared.database.work import Work


async def return_case(
    work: Work, case_id: UUID, handler: Seer, reason: str, note: str | None, expected: int | None
) -> Case:
    """Give a case back to who dispatches; its clock goes on.

    Raises:
        NotFound, NotTheirs, WrongState, StaleVersion: see there.
    """
    held = await held_case(work, case_id, handler, expected)
    must_handle(held, handler, Change.returned)
    case = give_back(held)
    await record(work, case, Change.returned, note, {"reason": reason})
    await say_returned(work, case, held.assignee, reason)
    return case


async def say_returned(
    work: Work, case: Case, had: Assignee | None, reason: str, traceparent: str | None = None
) -> None:
    """Say that somebody has to be found for a case, in the place of who had it."""
    told = await who_dispatches(work, case.community)
    known = await known_of(work, case, had)
    fact = IssueReturned(reason=reason, returned_at=work.now, told=told, **known)
    say(work, case, fact, traceparent)
