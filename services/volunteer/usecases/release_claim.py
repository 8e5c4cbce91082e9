"""A claim is given back: the place is free at once, for who waits, or for everybody."""

from dataclasses import replace
from uuid import UUID

from services.volunteer.domain.claim import HOLDING, Claim, NoClaimError
from services.volunteer.domain.offer import OfferState, first_asked
from services.volunteer.domain.task import Task, TaskState
from services.volunteer.domain.volunteer import Volunteer
from services.volunteer.store import claims, offers, tasks
from services.volunteer.usecases.claim_task import may, promote
from services.volunteer.usecases.task_facts import tell_opened
from shared.database.work import Work
from shared.errors import NotFound


async def release_claim(work: Work, community: UUID, task_id: UUID, person: str) -> Claim | None:
    """Gives a person's place back, or takes them off the waiting list (None).

    Raises NotFound, NoClaimError.
    """
    task = await tasks.find(work.connection, community, task_id, lock=True)
    if task is None:
        raise NotFound("no such task")
    if await claims.leave(work.connection, community, task_id, person):
        return None
    held = await claims.of_task(work.connection, community, task_id)
    mine = next((claim for claim in held if claim.person == person), None)
    if mine is None or task.state is not TaskState.open:
        raise NoClaimError("there is nothing to give back")
    released = mine.released(work.now)
    await free_place(work, task, [claim for claim in held if claim is not mine], released)
    return released


async def release_unfit(work: Work, volunteer: Volunteer) -> None:
    """Gives back what a volunteer may no longer do, and takes back what they are asked of it.

    That is everything of who may not be asked at all, and what needs a skill that no longer lasts until then.
    The volunteer's row must be held.
    """
    community, person = volunteer.community, volunteer.person
    await _ask_no_more(work, volunteer)
    for task_id in await claims.tasks_held(work.connection, community, volunteer.id):
        task = await tasks.find(work.connection, community, task_id, lock=True)
        held = await claims.of_task(work.connection, community, task_id)
        mine = next((claim for claim in held if claim.volunteer == volunteer.id), None)
        if task is None or mine is None or mine.state not in HOLDING:
            continue
        if not await may(work, task, volunteer, mine.ends_at):
            others = [claim for claim in held if claim is not mine]
            await free_place(work, task, others, mine.released(work.now), told=(person,))


async def _ask_no_more(work: Work, volunteer: Volunteer) -> None:
    community = volunteer.community
    offer = await offers.open_of_person(work.connection, community, volunteer.person)
    if offer is None or offer.volunteer != volunteer.id:
        return
    task = await tasks.find(work.connection, community, offer.task, lock=True)
    offer = await offers.find(work.connection, community, offer.id)
    if task is None or await may(work, task, volunteer, work.now):
        return
    if offer is not None and offer.state is OfferState.offered:
        await offers.end(work.connection, community, [offer], OfferState.superseded, work.now)
        await tasks.change(work.connection, replace(task, offer_at=work.now))


async def free_place(
    work: Work, task: Task, others: list[Claim], released: Claim, told: tuple[str, ...] = ()
) -> None:
    """Gives the place of a claim that has ended to who waits, or back to the board; the task must be held.

    `told` is who has lost it without their own doing.
    """
    await claims.change(work.connection, released)
    await tasks.give_back_place(work.connection, task, released.id)
    if await promote(work, task, others, released.person, told) is not None:
        return
    changed = replace(
        task.changed(),
        look_at=task.next_look(others),
        offer_at=first_asked(task.rules, task.starts_at, work.now),
    )
    await tasks.change(work.connection, changed)
    if work.now < task.ends_at:
        free = await tasks.free_places(work.connection, task.community, [task.id])
        tell_opened(work, changed, free[task.id], reopened=True, released=told, left=released.person)
