"""Whoever has a case begins to work on it."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import start
from services.issues.usecases.case_facts import known_of, say
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueStarted
from shared.database.work import Work


async def start_case(
    work: Work, case_id: UUID, handler: Seer, note: str | None, expected: int | None
) -> Case:
    """Begin with a case.

    Raises:
        NotFound, NotTheirs, WrongState, StaleVersion: see there.
    """
    case = start(await held_case(work, case_id, handler, expected), handler)
    await record(work, case, Change.started, note)
    say(work, case, IssueStarted(started_at=work.now, **await known_of(work, case)))
    return case
