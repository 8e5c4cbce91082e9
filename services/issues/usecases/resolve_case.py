"""Whoever has a case says that the matter is settled."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer, may_see, resolve
from services.issues.store.cases import add_entry, case_by_id, update_case
from services.issues.usecases.case_facts import emit_resolved
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.http.etag import matching


async def resolve_case(work: Work, case_id: UUID, resolver: Seer, outcome: str, expected: int | None) -> Case:
    """Resolve a case; what was done, in words, stays here.

    Raises:
        NotFound: no such case that the resolver may see.
        NotTheirs, WrongState, StaleVersion: see there.
    """
    found = await case_by_id(work.connection, tenant(work), case_id, lock=True)
    if found is None or not may_see(found[0], resolver):
        raise missing("case")
    if expected is not None:
        matching(found[0].version, expected)
    case = resolve(found[0], resolver, work.now)
    await update_case(work.connection, case, outcome)
    await add_entry(work.connection, case, Change.resolved, at=work.now, actor=work.actor, note=outcome)
    emit_resolved(work, case, resolver.person, work.now)
    return case
