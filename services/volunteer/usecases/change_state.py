"""A volunteer is vetted, suspended, resumed, or leaves."""

from uuid import UUID

from services.volunteer.domain.volunteer import State, Step, Volunteer
from services.volunteer.store import volunteers
from services.volunteer.usecases.duty import end_all_duty
from services.volunteer.usecases.release_claim import release_unfit
from services.volunteer.usecases.told import tell
from shared.database.work import Work
from shared.errors import Forbidden, NotFound


async def change_state(
    work: Work, community: UUID, volunteer_id: UUID, step: Step, *, only_of: str | None = None
) -> Volunteer:
    """Takes a step and tells of it; with `only_of` the entry must be that person's own.

    Raises NotFound, Forbidden (nobody lets themselves be asked), WrongStateError.
    """
    found = await volunteers.find_to_change(work.connection, community, volunteer_id)
    if found is None or (only_of is not None and found.person != only_of):
        raise NotFound("no such volunteer")
    if step in {Step.vet, Step.resume} and found.person == work.actor:
        raise Forbidden("somebody else vets and resumes one's own entry")
    changed = found.after(step, work.now)
    await volunteers.change_state(work.connection, changed)
    if changed.state is not State.active:
        await end_all_duty(work, community, volunteer_id)
        await release_unfit(work, changed)
    tell(work, changed)
    return changed
