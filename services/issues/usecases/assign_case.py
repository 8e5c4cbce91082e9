"""A case is given to somebody else than dispatch chose."""

from uuid import UUID

from services.issues.domain.case import Case, Change, assign
from services.issues.domain.dispatch import Assignee, WrongAssignee
from services.issues.domain.grants import GRANTABLE
from services.issues.store.cases import add_entry, case_by_id, update_case
from services.issues.store.places import place_by_id
from services.issues.usecases.case_facts import assignee_data, emit_assigned
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.http.etag import matching


async def assign_case(
    work: Work, case_id: UUID, assignee: Assignee, note: str | None, expected: int | None
) -> Case:
    """Assign a case; its clock goes on.

    Raises:
        NotFound: no such case.
        WrongAssignee: no such role or place.
        WrongState, StaleVersion: see there.
    """
    found = await case_by_id(work.connection, tenant(work), case_id, lock=True)
    if found is None:
        raise missing("case")
    if expected is not None:
        matching(found[0].version, expected)
    await _check(work, assignee)
    case = assign(found[0], assignee)
    await update_case(work.connection, case)
    await add_entry(
        work.connection,
        case,
        Change.assigned,
        at=work.now,
        actor=work.actor,
        note=note,
        detail={"assignee": assignee_data(assignee)},
    )
    emit_assigned(work, case, assignee)
    return case


async def _check(work: Work, assignee: Assignee) -> None:
    if assignee.role is not None and assignee.role not in GRANTABLE:
        raise WrongAssignee(f"{assignee.role} is not a role that can be granted")
    if assignee.place is not None:
        place = await place_by_id(work.connection, tenant(work), assignee.place)
        if place is None or place.closed_at is not None:
            raise WrongAssignee(f"no open place has the id {assignee.place}")
