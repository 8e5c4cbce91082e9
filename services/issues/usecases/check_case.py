"""A second person looks whether the matter is settled."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import check
from services.issues.store.escalations import look_again_at
from services.issues.usecases.case_facts import assignee_data, known_of, say, say_assigned, who_dispatches
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueChecked
from shared.database.work import Work


async def check_case(
    work: Work, case_id: UUID, checker: Seer, note: str | None, expected: int | None, *, fixed: bool
) -> Case:
    """Check a case that is called settled; one that is not goes back to whoever had it.

    Raises:
        NotFound, NotTheirs, SecondPersonNeeded, WrongState, StaleVersion: see there.
    """
    case = check(await held_case(work, case_id, checker, expected), checker, fixed=fixed)
    if case.assignee is not None and not fixed:
        await record(work, case, Change.not_fixed, note, {"assignee": assignee_data(case.assignee)})
        await look_again_at(work.connection, case)
        await say_assigned(work, case, case.assignee, again=True)
    else:
        await record(work, case, Change.checked, note)
        told = await who_dispatches(work, case.community)
        say(work, case, IssueChecked(checked_at=work.now, told=told, **await known_of(work, case)))
    return case
