"""Skills are entered and withdrawn by staff, and who lacks one gives back what needs it."""

from uuid import UUID

from services.volunteer.domain.volunteer import Volunteer
from services.volunteer.store import skills, volunteers
from services.volunteer.store.skills import Skill
from services.volunteer.usecases.release_claim import release_unfit
from shared.database.work import Work
from shared.errors import Forbidden, NotFound


async def grant_skill(work: Work, community: UUID, volunteer_id: UUID, skill: Skill) -> None:
    """Enters a skill, or its new expiry; raises NotFound, Forbidden (nobody grants themselves one)."""
    volunteer = await _held(work, community, volunteer_id)
    if volunteer.person == work.actor:
        raise Forbidden("somebody else enters what one can do")
    await skills.grant(work.connection, community, volunteer_id, skill)
    await release_unfit(work, volunteer)


async def withdraw_skill(work: Work, community: UUID, volunteer_id: UUID, code: str) -> None:
    """Takes a skill away; raises NotFound."""
    volunteer = await _held(work, community, volunteer_id)
    if not await skills.withdraw(work.connection, community, volunteer_id, code):
        raise NotFound("no such skill")
    await release_unfit(work, volunteer)


async def _held(work: Work, community: UUID, volunteer_id: UUID) -> Volunteer:
    # Volunteer before task, as whoever claims: nobody takes by a skill what is withdrawn in that moment.
    found = await volunteers.find_to_change(work.connection, community, volunteer_id)
    if found is None:
        raise NotFound("no such volunteer")
    return found
