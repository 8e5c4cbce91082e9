"""A case is read, with its history, by whoever may see it."""

from uuid import UUID

from services.issues.domain.case import Case, Seer, may_see
from services.issues.store.cases import Entry, Told, case_by_id, history_of
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work


async def look_up_case(work: Work, case_id: UUID, seer: Seer) -> tuple[Case, Told, list[Entry]]:
    """Read a case.

    Raises:
        NotFound: there is none, or none for this reader to know of.
    """
    found = await case_by_id(work.connection, tenant(work), case_id)
    if found is None or not may_see(found[0], seer):
        raise missing("case")
    return *found, await history_of(work.connection, tenant(work), case_id)
