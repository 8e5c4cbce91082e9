"""The command room takes a case on."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import accept
from services.issues.usecases.case_facts import known_of, say
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueAccepted
from shared.database.work import Work


async def accept_case(work: Work, case_id: UUID, by: Seer, note: str | None, expected: int | None) -> Case:
    """Accept a case; what dispatch has assigned stays with its assignee.

    Raises:
        NotFound, WrongState, StaleVersion: see there.
    """
    case = accept(await held_case(work, case_id, by, expected), work.now)
    await record(work, case, Change.accepted, note)
    say(work, case, IssueAccepted(accepted_at=work.now, **await known_of(work, case)))
    return case
