"""A case is given to somebody else than dispatch chose."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.dispatch import Assignee, WrongAssignee
from services.issues.domain.grants import GRANTABLE
from services.issues.domain.life import assign
from services.issues.store.places import place_by_id
from services.issues.usecases.case_facts import assignee_data, say_assigned
from services.issues.usecases.changing_case import held_case, record
from services.issues.usecases.versions import tenant
from shared.database.work import Work


async def assign_case(
    work: Work, case_id: UUID, by: Seer, assignee: Assignee, note: str | None, expected: int | None
) -> Case:
    """Assign a case; its clock goes on.

    Raises:
        NotFound: no such case.
        WrongAssignee: no such role or place.
        WrongState, StaleVersion: see there.
    """
    held = await held_case(work, case_id, by, expected)
    await _check(work, assignee)
    case = assign(held, assignee)
    await record(work, case, Change.assigned, note, {"assignee": assignee_data(assignee)})
    await say_assigned(work, case, assignee)
    return case


async def _check(work: Work, assignee: Assignee) -> None:
    if assignee.role is not None and assignee.role not in GRANTABLE:
        raise WrongAssignee(f"{assignee.role} is not a role that can be granted")
    if assignee.place is not None:
        place = await place_by_id(work.connection, tenant(work), assignee.place)
        if place is None or place.closed_at is not None:
            raise WrongAssignee(f"no open place has the id {assignee.place}")
