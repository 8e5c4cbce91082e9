"""Names and doors are shown: to who has promised to come, only then, and never without a trace."""

from dataclasses import dataclass
from uuid import UUID

from services.volunteer.domain.beneficiary import Beneficiary
from services.volunteer.domain.disclosure import NotDisclosedError, Stage, stage_of
from services.volunteer.store import beneficiaries, claims, tasks, volunteers
from services.volunteer.store.beneficiaries import Look
from services.volunteer.usecases.claim_task import may
from shared.database.work import Work
from shared.errors import NotFound
from shared.identifiers import new_id

STAFF_STAGE, CODE_STAGE = "staff", "code"


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Somebody who is helped, and how much of them may be shown."""

    someone: Beneficiary
    stage: Stage


async def disclose(work: Work, community: UUID, task_id: UUID, person: str) -> Disclosed:
    """Shows the one to be helped to a claimant, and records the look; raises NotFound, NotDisclosedError."""
    task = await tasks.find(work.connection, community, task_id)
    if task is None or task.beneficiary is None:
        raise NotFound("no such task, or it is for nobody in particular")
    held = await claims.of_task(work.connection, community, task_id)
    mine = next((claim for claim in held if claim.person == person), None)
    volunteer = await volunteers.find(work.connection, community, mine.volunteer) if mine else None
    active = volunteer is not None and await may(work, task, volunteer, work.now)
    stage = stage_of(task, mine, held, work.now, active=active)
    if mine is None or stage is Stage.board:
        raise NotDisclosedError("nothing more is shown at this stage")
    someone = await beneficiaries.find(work.connection, community, task.beneficiary)
    if someone is None:
        raise NotFound("no such task")
    look = Look(new_id(), someone.id, task.id, mine.id, person, stage.value, work.now)
    await beneficiaries.record_look(work.connection, community, look)
    return Disclosed(someone, stage)


async def look_up(work: Work, community: UUID, beneficiary: UUID) -> Beneficiary:
    """Shows everything to staff, and records that too; raises NotFound."""
    someone = await beneficiaries.find(work.connection, community, beneficiary)
    if someone is None:
        raise NotFound("no such beneficiary")
    look = Look(new_id(), beneficiary, None, None, work.actor, STAFF_STAGE, work.now)
    await beneficiaries.record_look(work.connection, community, look)
    return someone


async def show_code(work: Work, community: UUID, task_id: UUID, *, only_of: str | None) -> str | None:
    """Gives the code to the one who is helped, the family, who asked, or staff, and records it.

    A code proves nothing in the hands of who helps: `confirm_by_code` looks here. Raises NotFound.
    """
    task = await tasks.find(work.connection, community, task_id)
    if task is None or only_of not in {None, task.asked_by, *task.family}:
        raise NotFound("no such task")
    if task.beneficiary is not None and task.code is not None:
        look = Look(new_id(), task.beneficiary, task.id, None, work.actor, CODE_STAGE, work.now)
        await beneficiaries.record_look(work.connection, community, look)
    return task.code
