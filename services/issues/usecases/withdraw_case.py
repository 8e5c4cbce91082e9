"""The reporter takes a case back."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import withdraw
from services.issues.usecases.case_facts import known_of, say, told_of
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueWithdrawn
from shared.database.work import Work


async def withdraw_case(work: Work, case_id: UUID, by: Seer, note: str | None, expected: int | None) -> Case:
    """Withdraw a case, which ends it.

    Raises:
        NotFound, NotTheirs, WrongState, StaleVersion: see there.
    """
    case = withdraw(await held_case(work, case_id, by, expected), by, work.now)
    await record(work, case, Change.withdrawn, note)
    fact = IssueWithdrawn(withdrawn_at=work.now, told=told_of(case), **await known_of(work, case))
    say(work, case, fact)
    return case
