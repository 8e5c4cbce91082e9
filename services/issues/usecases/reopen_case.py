"""A closed case is opened again, because the matter is not settled."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import reopen
from services.issues.store.escalations import look_again_at
from services.issues.usecases.case_facts import assignee_data, known_of, say, told_of, who_dispatches
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueReopened
from shared.database.work import Work


async def reopen_case(work: Work, case_id: UUID, by: Seer, note: str, expected: int | None) -> Case:
    """Reopen a case for whoever had it, or else for who dispatches; its clock has gone on.

    Raises:
        NotFound, NotTheirs, TooLateToReopen, WrongState, StaleVersion: see there.
    """
    case = reopen(await held_case(work, case_id, by, expected), by, work.now)
    detail = None if case.assignee is None else {"assignee": assignee_data(case.assignee)}
    await record(work, case, Change.reopened, note, detail)
    await look_again_at(work.connection, case)
    told = told_of(case) or await who_dispatches(work, case.community)
    say(work, case, IssueReopened(reopened_at=work.now, told=told, **await known_of(work, case)))
    return case
