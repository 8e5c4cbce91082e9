"""The command room takes a case on."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer, State
from services.issues.domain.dispatch import Assignee
from services.issues.domain.life import accept
from services.issues.usecases.assign_case import check_assignee, give
from services.issues.usecases.case_facts import known_of, say
from services.issues.usecases.changing_case import held_case, record
from services.issues.usecases.routings import Routings, learn_places
from shared.contracts.issues.life import IssueAccepted
from shared.database.work import Work


async def accept_case(
    work: Work,
    case_id: UUID,
    by: Seer,
    to: Assignee | None,
    note: str | None,
    expected: int | None,
    routings: Routings,
) -> Case:
    """Accept a case and give it `to` somebody, or else leave it with whoever has it, or else dispatch it.

    Raises:
        NotFound, WrongAssignee, WrongState, StaleVersion: see there.
    """
    case = accept(await held_case(work, case_id, by, expected), work.now)
    await record(work, case, Change.accepted, note)
    say(work, case, IssueAccepted(accepted_at=work.now, **await known_of(work, case)))
    if to is not None:
        await check_assignee(work, to)
        return await give(work, case, to)
    return await _dispatch(work, case, routings) if case.state is State.accepted else case


async def _dispatch(work: Work, case: Case, routings: Routings) -> Case:
    """Send a case where a report of its kind would go now; where its place has closed, as the community's."""
    current = await routings.current(work.connection, [case.community])
    await learn_places(work.connection, [(case.community, case.place)], current)
    kept = current[case.community]
    assignee, rule = kept.routing.choose(case.category, kept.path(case.place))
    return await give(work, case, assignee, actor="dispatch", why={"rule": rule})
