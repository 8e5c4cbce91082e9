"""A place of a task is taken: exactly one wins it, and who repeats the question hears the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.volunteer.domain.claim import (
    Claim,
    NoPlaceError,
    NotEligibleError,
    OverlapError,
    check_eligible,
)
from services.volunteer.domain.task import Task, WrongTimeError
from services.volunteer.domain.volunteer import Volunteer
from services.volunteer.store import claims, offers, skills, tasks, volunteers
from services.volunteer.store.claims import Waiting
from services.volunteer.store.tasks import Question
from services.volunteer.usecases.task_facts import tell_claimed
from shared.database.work import Work
from shared.errors import NotFound
from shared.identifiers import new_id


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants a place, when they would come (None: as soon as can be), and whether they would wait.

    With `offer` they answer to that one, which must still be open.
    """

    claim: UUID
    community: UUID
    task: UUID
    volunteer: UUID
    person: str
    at: datetime | None = None
    wait: bool = False
    offer: UUID | None = None


async def claim_task(work: Work, wish: Wish) -> Claim | None:
    """Gives a free place to a volunteer, or None when they were put on the waiting list.

    Raises NotFound, TaskOverError, NotEligibleError, WrongTimeError, OverlapError, NoPlaceError, and for an
    offer OfferOverError.
    """
    connection, community = work.connection, wish.community
    await _refuse_early(work, wish)
    # Volunteer before task, always: whoever suspends holds the volunteer and then frees their tasks.
    volunteer = await volunteers.find_unchanging(connection, community, wish.volunteer)
    task = await tasks.find(connection, community, wish.task, lock=True)
    if volunteer is None or volunteer.person != wish.person or task is None:
        raise NotFound("no such task or volunteer")
    held = await claims.of_task(connection, community, task.id)
    if mine := next((claim for claim in held if claim.person == wish.person), None):
        return mine  # the winner's retry
    if wish.offer is not None:
        # Offers end under the task's row, which is held: what is open now stays so.
        await _must_be_offered(work, wish, wish.offer)
    task.must_be_open()
    promise = task.promised(wish.at, work.now)
    await _check(work, task, volunteer, promise[1])
    taken = await take_place(work, task, volunteer, promise, held, wish.claim)
    if taken is None:
        if not wish.wait:
            raise NoPlaceError("others were faster; every place is taken")
        waiting = Waiting(volunteer.id, volunteer.person, wish.at)
        await claims.wait(connection, task.id, community, waiting, work.now)
        return None
    await claims.leave(connection, community, task.id, wish.person)
    tell_claimed(work, *taken)
    return taken[1]


async def _must_be_offered(work: Work, wish: Wish, offer_id: UUID) -> None:
    offer = await offers.find(work.connection, wish.community, offer_id)
    if offer is None or (offer.task, offer.person) != (wish.task, wish.person):
        raise NotFound("no such offer")
    offer.must_be_open(work.now)


async def _refuse_early(work: Work, wish: Wish) -> None:
    """Spares the losers of a storm the wait for the task's row: what is full now is answered now."""
    if wish.wait:
        return
    (refused,) = await refuse_taken(work, [(wish.community, wish.task, wish.person, None)])
    if refused is not None:
        raise refused


async def refuse_taken(work: Work, asked: Sequence[Question]) -> list[NoPlaceError | None]:
    """Answers, for many at once, who need not try: all places are others' already."""
    taken = await tasks.taken_by_others(work.connection, asked)
    refusal = "others were faster; every place is taken"
    return [NoPlaceError(refusal) if number in taken else None for number in range(len(asked))]


async def take_place(
    work: Work,
    task: Task,
    volunteer: Volunteer,
    promise: tuple[datetime, datetime],
    held: Sequence[Claim],
    claim_id: UUID,
) -> tuple[Task, Claim] | None:
    """Takes the first free place of a task whose row is held; None when there is none.

    What was offered to the taker is accepted, and the last place ends the other offers. Raises OverlapError.
    """
    number = await tasks.take_place(work.connection, task, claim_id)
    if number is None:
        return None
    claim = Claim(
        *(claim_id, task.community, task.id, number, volunteer.id, volunteer.person, *promise),
        claimed_at=work.now,
    )
    await claims.add(work.connection, claim)
    full = len(held) + 1 >= task.places
    await offers.taken(work.connection, task.community, task.id, claim.person, work.now, full=full)
    changed = replace(
        task.changed(), look_at=task.next_look([*held, claim]), offer_at=None if full else task.offer_at
    )
    await tasks.change(work.connection, changed)
    return changed, claim


async def promote(
    work: Work, task: Task, held: Sequence[Claim], left: str, released: tuple[str, ...] = ()
) -> Task | None:
    """Gives a place that became free to the first who waits and can come; None when there is nobody.

    `left` is whose it was, `released` the same when it was without their own doing.
    """
    connection = work.connection
    for waiting in await claims.waiting(connection, task.community, task.id):
        volunteer = await volunteers.find(connection, task.community, waiting.volunteer)
        if volunteer is None:
            continue
        try:
            promise = task.promised(waiting.at, work.now)
            await _check(work, task, volunteer, promise[1])
        except (NotEligibleError, WrongTimeError):
            continue
        if await claims.overlaps(connection, task.community, waiting.person, promise):
            continue
        # Somebody may promise that time elsewhere in this very moment; the next one is then asked.
        await connection.execute("SAVEPOINT promotion")
        try:
            taken = await take_place(work, task, volunteer, promise, held, new_id())
        except OverlapError:
            await connection.execute("ROLLBACK TO SAVEPOINT promotion")
            continue
        if taken is None:
            return None
        await claims.leave(connection, task.community, task.id, waiting.person)
        tell_claimed(work, *taken, from_waiting=True, released=released, left=left)
        return taken[0]
    return None


async def may(work: Work, task: Task, volunteer: Volunteer, until: datetime) -> bool:
    """Whether a volunteer may do such a task, with skills that last until then."""
    try:
        await _check(work, task, volunteer, until)
    except NotEligibleError:
        return False
    return True


async def _check(work: Work, task: Task, volunteer: Volunteer, until: datetime) -> None:
    found = await skills.of_volunteer(work.connection, task.community, volunteer.id)
    check_eligible(task.rules, volunteer, [skill.code for skill in found if skill.covers(until)])
