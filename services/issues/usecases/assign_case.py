"""A case is given to somebody else than dispatch chose."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
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
    await check_assignee(work, assignee)
    return await give(work, held, assignee, note)


async def give(
    work: Work,
    held: Case,
    assignee: Assignee,
    note: str | None = None,
    *,
    actor: str | None = None,
    why: Mapping[str, Any] = MappingProxyType({}),
) -> Case:
    """Give a held case to somebody, enter it and say so; `why` is added to the entry.

    Raises:
        WrongState: it is no longer to be handled.
    """
    case = assign(held, assignee)
    detail = {"assignee": assignee_data(assignee), **why}
    await record(work, case, Change.assigned, note, detail, actor=actor)
    await say_assigned(work, case, assignee, held.assignee)
    return case


async def check_assignee(work: Work, assignee: Assignee) -> None:
    """Let only roles that can be granted, and open places, be named.

    Raises:
        WrongAssignee: see there.
    """
    if assignee.role is not None and assignee.role not in GRANTABLE:
        raise WrongAssignee(f"{assignee.role} is not a role that can be granted")
    if assignee.place is not None:
        place = await place_by_id(work.connection, tenant(work), assignee.place)
        if place is None or place.closed_at is not None:
            raise WrongAssignee(f"no open place has the id {assignee.place}")
