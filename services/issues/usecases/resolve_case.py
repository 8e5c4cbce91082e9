"""Whoever has a case says that the matter is settled."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import must_handle, resolve
from services.issues.usecases.case_facts import say_resolved
from services.issues.usecases.changing_case import held_case, record
from services.issues.usecases.demand_photos import check_demanded
from shared.database.work import Work


async def resolve_case(work: Work, case_id: UUID, resolver: Seer, outcome: str, expected: int | None) -> Case:
    """Resolve a case; what was done, in words, stays here.

    Raises:
        NotFound: no such case that the resolver may see.
        NotTheirs, PhotosMissing, WrongState, StaleVersion: see there.
    """
    held = await held_case(work, case_id, resolver, expected)
    must_handle(held, resolver, Change.resolved)
    await check_demanded(work, held)
    case = resolve(held, [resolver.person], work.now)
    await record(work, case, Change.resolved, outcome, outcome=outcome)
    await say_resolved(work, case, resolver.person)
    return case
