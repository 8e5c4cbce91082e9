"""A task ends: reported, confirmed, cancelled, or given up by the clock."""

from dataclasses import dataclass, replace
from hmac import compare_digest
from uuid import UUID

from services.volunteer.domain.claim import HOLDING, Claim, ClaimState, NoClaimError
from services.volunteer.domain.dispute import DisputedError
from services.volunteer.domain.hours import Entry, Witness, grade_of, minutes_of
from services.volunteer.domain.kind import Confirmation
from services.volunteer.domain.position import Point, metres_between
from services.volunteer.domain.task import CODE_TRIES, Outcome, Task, TaskState
from services.volunteer.store import beneficiaries, claims, disputes, hours, offers, tasks
from services.volunteer.usecases.disclose import CODE_STAGE
from services.volunteer.usecases.task_facts import tell_completed, tell_expired
from shared.contracts.volunteer.hours import HoursCredited
from shared.database.work import Work, Works
from shared.errors import Forbidden, NotFound
from shared.identifiers import new_id

AT_THE_PLACE_METRES = 150
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of a confirmation; a wrong code is an answer, not an error, so that it is counted."""

    task: Task
    confirmed: bool
    tries_left: int | None


async def check_in(work: Work, community: UUID, task_id: UUID, person: str, where: Point | None) -> Claim:
    """Notes that somebody has arrived; repeats change nothing.

    Raises NotFound, TaskOverError, NoClaimError.
    """
    task, held, mine = await _mine(work, community, task_id, person)
    arrived = mine.checked_in(work.now, at_place=_near(where, task.point))
    await claims.change(work.connection, arrived)
    others = [claim for claim in held if claim is not mine]
    await tasks.change(work.connection, replace(task, look_at=task.next_look([*others, arrived])))
    return arrived


async def report_end(
    work: Work,
    community: UUID,
    task_id: UUID,
    person: str,
    outcome: Outcome,
    note: str | None,
    evidence: tuple[str, ...] = (),
) -> Claim:
    """Takes a volunteer's word for how it went, which ends the task if nobody else's is needed.

    What was not needed or not possible is told at once; hours for it are for staff to confirm.
    Raises NotFound, TaskOverError, NoClaimError.
    """
    task, held, mine = await _mine(work, community, task_id, person)
    reported = mine.reported(outcome.value, note, work.now, evidence)
    await claims.change(work.connection, reported)
    others = [claim for claim in held if claim is not mine]
    own_word = task.rules.confirmation is Confirmation.own or outcome is not Outcome.done
    if own_word and not any(claim.state in HOLDING for claim in others):
        await complete(work, task, outcome, [*others, reported])
    else:
        await tasks.change(work.connection, replace(task, look_at=task.next_look([*others, reported])))
    return reported


async def confirm_by_code(work: Work, community: UUID, task_id: UUID, person: str, code: str) -> Confirmed:
    """Ends a task by the code of the one who was helped; five wrong ones, and only staff can.

    Raises NotFound, Forbidden (a helper has read the code), TaskOverError, NoClaimError, DisputedError.
    """
    task = await _held(work, community, task_id)
    held = await claims.of_task(work.connection, community, task_id)
    mine = any(claim.person == person and claim.state is not ClaimState.claimed for claim in held)
    if not mine and person not in {task.asked_by, *task.family}:
        raise NotFound("no such task")
    task.must_be_open()
    must_be_there(held)
    await _code_unseen(work, task, held)
    if task.code is None or task.code_failures >= CODE_TRIES:
        return Confirmed(task, confirmed=False, tries_left=0)
    if not compare_digest(task.code.encode(), code.encode()):
        failed = replace(task, code_failures=task.code_failures + 1)
        await tasks.change(work.connection, failed)
        return Confirmed(failed, confirmed=False, tries_left=CODE_TRIES - failed.code_failures)
    return Confirmed(await confirm(work, task, held, Witness.code), confirmed=True, tries_left=None)


async def confirm_by_staff(work: Work, community: UUID, task_id: UUID) -> Confirmed:
    """Ends a task, or credits the hours of one that ended on a volunteer's word alone.

    Raises NotFound, Forbidden (one's own work), TaskOverError, NoClaimError, DisputedError.
    """
    task = await _held(work, community, task_id)
    held = await claims.of_task(work.connection, community, task_id)
    if work.actor in {claim.person for claim in held}:
        raise Forbidden("somebody else confirms what one has done")
    if task.state is TaskState.expired:
        task.must_be_open()
    must_be_there(held)
    return Confirmed(await confirm(work, task, held, Witness.staff), confirmed=True, tries_left=None)


async def cancel_task(work: Work, community: UUID, task_id: UUID, *, only_of: str | None) -> Task:
    """Ends a task that nobody needs any more; raises NotFound, TaskOverError."""
    task = await _held(work, community, task_id)
    if only_of is not None and only_of not in {task.asked_by, *task.family}:
        raise NotFound("no such task")
    task.must_be_open()
    held = await claims.of_task(work.connection, community, task_id)
    return await complete(work, task, Outcome.not_needed, held)


async def expire_tasks(works: Works) -> int:
    """Gives up tasks whose time is over, and looks later at those at which somebody still is."""
    async with works.for_system("schedule") as work:
        due = await tasks.to_look_at(work.connection, work.now, AT_ONCE)
        for task in due:
            held = await claims.of_task(work.connection, task.community, task.id)
            look_at = task.next_look(held)
            if look_at is None or look_at > work.now:
                await tasks.change(work.connection, replace(task, look_at=look_at))
            else:
                over, released = await _over(work, task, Outcome.expired, held)
                tell_expired(work, over, released, taken=bool(held))
    return len(due)


async def _held(work: Work, community: UUID, task_id: UUID) -> Task:
    task = await tasks.find(work.connection, community, task_id, lock=True)
    if task is None:
        raise NotFound("no such task")
    return task


async def _mine(work: Work, community: UUID, task_id: UUID, person: str) -> tuple[Task, list[Claim], Claim]:
    task = await _held(work, community, task_id)
    task.must_be_open()
    held = await claims.of_task(work.connection, community, task_id)
    mine = next((claim for claim in held if claim.person == person), None)
    if mine is None:
        raise NoClaimError("you hold no place of this task")
    return task, held, mine


async def _code_unseen(work: Work, task: Task, held: list[Claim]) -> None:
    helpers = [claim.person for claim in held]
    if task.beneficiary is not None and await beneficiaries.have_seen(
        work.connection, task.community, task.beneficiary, task.id, CODE_STAGE, helpers
    ):
        raise Forbidden("one who helps has read the code, so it proves nothing; staff confirm")


def _near(one: Point | None, other: Point | None) -> bool:
    return one is not None and other is not None and metres_between(one, other) <= AT_THE_PLACE_METRES


def must_be_there(held: list[Claim]) -> None:
    """Raises NoClaimError when nobody was there, or all of it is confirmed."""
    if not any(claim.live and claim.state is not ClaimState.claimed for claim in held):
        raise NoClaimError("nobody has been there yet")


async def confirm(work: Work, task: Task, held: list[Claim], witness: Witness) -> Task:
    """Credits everybody who was there, and ends the task if it is still open; its row must be held.

    Raises DisputedError: hours wait for the decision.
    """
    if await disputes.is_open(work.connection, task.community, task.id):
        raise DisputedError
    outcome = Outcome.done
    settled: list[Claim] = []
    for claim in held:
        if not claim.live or claim.state is ClaimState.claimed:
            settled.append(claim)
            continue
        if witness is Witness.staff and claim.outcome:
            outcome = Outcome(claim.outcome)
        confirmed = claim.confirmed(work.now)
        await claims.change(work.connection, confirmed)
        await _credit(work, task, confirmed, witness)
        settled.append(confirmed)
    return await complete(work, task, outcome, settled) if task.state is TaskState.open else task


async def _credit(work: Work, task: Task, claim: Claim, witness: Witness) -> None:
    entry = Entry(
        *(new_id(), task.community, claim.volunteer, claim.person),
        minutes=minutes_of(claim, task.effort.minutes, work.now),
        reason="service",
        made_at=work.now,
        made_by=work.actor,
        grade=grade_of(claim, witness),
        task=task.id,
        claim=claim.id,
    )
    if await hours.add(work.connection, entry):
        tell_credited(work, entry)


def tell_credited(work: Work, entry: Entry) -> None:
    """Say that a line was added to somebody's hours."""
    fact = HoursCredited(
        entry=entry.id,
        volunteer=entry.volunteer,
        person=entry.person,
        minutes=entry.minutes,
        task=entry.task,
        corrects=entry.corrects,
    )
    work.emit(fact, sequence=1, community=entry.community)


async def complete(
    work: Work, task: Task, outcome: Outcome, held: list[Claim], traceparent: str | None = None
) -> Task:
    """Ends a task whose row is held, and tells of it."""
    over, released = await _over(work, task, outcome, held)
    did = [claim for claim in held if claim.state not in HOLDING]
    tell_completed(work, over, did, released, traceparent)
    return over


async def _over(work: Work, task: Task, outcome: Outcome, held: list[Claim]) -> tuple[Task, list[str]]:
    """Ends a task: who was still expected has missed it, or need not come; nobody waits any more.

    Gives the task and all those persons.
    """
    for claim in held:
        if claim.state in HOLDING:
            unneeded = outcome is Outcome.not_needed
            ended = claim.released(work.now) if unneeded else claim.missed(work.now)
            await claims.change(work.connection, replace(ended, late=ended.late and not unneeded))
            await tasks.give_back_place(work.connection, task, claim.id)
    released = [claim.person for claim in held if claim.state in HOLDING]
    released += await claims.dismiss(work.connection, task.community, task.id)
    await offers.taken(work.connection, task.community, task.id, None, work.now, full=True)
    over = task.over(outcome, work.now)
    await tasks.change(work.connection, over)
    return over, released
