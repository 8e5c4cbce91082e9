"""The command room does not take a case on, and says why."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import refuse
from services.issues.usecases.case_facts import known_of, say
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueRefused
from shared.database.work import Work


async def refuse_case(
    work: Work, case_id: UUID, by: Seer, reason: str, note: str | None, expected: int | None
) -> Case:
    """Refuse a case, which ends it; the reason is a code, the note stays here.

    Raises:
        NotFound, WrongState, StaleVersion: see there.
    """
    case = refuse(await held_case(work, case_id, by, expected), work.now)
    await record(work, case, Change.refused, note, {"reason": reason})
    say(work, case, IssueRefused(reason=reason, refused_at=work.now, **await known_of(work, case)))
    return case
