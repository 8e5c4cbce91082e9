"""A completion is disputed: from then on nothing more of it is credited until staff have decided."""

from uuid import UUID

from services.volunteer.domain.dispute import Dispute, DisputedBy, check_disputable, role_of
from services.volunteer.domain.task import Task
from services.volunteer.store import beneficiaries, claims, disputes, tasks
from services.volunteer.usecases.task_facts import tell_disputed
from shared.database.work import Work
from shared.errors import NotFound
from shared.identifiers import new_id


async def dispute_task(
    work: Work, community: UUID, task_id: UUID, person: str, reason: str, *, staff: bool
) -> Dispute:
    """Disputes how a task ended, as who was helped, the family, who did it, or staff.

    Raises NotFound, WrongDisputeError.
    """
    task = await tasks.find(work.connection, community, task_id, lock=True)
    by = None if task is None else await role_in(work, task, person, staff=staff)
    if task is None or by is None:
        raise NotFound("no such task")
    return await dispute_held(work, task, by, person, reason)


async def dispute_held(work: Work, task: Task, by: DisputedBy, person: str | None, reason: str) -> Dispute:
    """Disputes a task whose row is held; raises WrongDisputeError."""
    about = await claims.accountable(work.connection, task.community, task.id)
    check_disputable(task, about, work.now)
    dispute = Dispute(new_id(), task.community, task.id, by, person, reason, work.now)
    await disputes.add(work.connection, dispute)
    changed = task.changed()
    await tasks.change(work.connection, changed)
    tell_disputed(work, changed, dispute, tuple(claim.person for claim in about))
    return dispute


async def role_in(work: Work, task: Task, person: str, *, staff: bool) -> DisputedBy | None:
    """What somebody has to do with a task; None for those it does not concern."""
    about = await claims.accountable(work.connection, task.community, task.id)
    helped = None
    if task.beneficiary is not None:
        someone = await beneficiaries.find(work.connection, task.community, task.beneficiary)
        helped = someone.person if someone else None
    return role_of(person, helped, task.family, about, staff=staff)
