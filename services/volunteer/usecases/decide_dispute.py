"""Staff decide a dispute: hours that were held back are credited, or those credited are taken back."""

from uuid import UUID

from services.volunteer.domain.claim import Claim, ClaimState
from services.volunteer.domain.dispute import Decision, Dispute, DisputedBy, Ruling
from services.volunteer.domain.hours import Entry, Grade, Witness
from services.volunteer.domain.task import Task, TaskState
from services.volunteer.store import claims, disputes, hours, tasks
from services.volunteer.usecases.dispute_task import role_in
from services.volunteer.usecases.end_task import confirm, tell_credited
from services.volunteer.usecases.release_claim import free_place
from services.volunteer.usecases.task_facts import tell_decided
from shared.database.work import Work
from shared.errors import Forbidden, NotFound
from shared.identifiers import new_id


async def decide_dispute(work: Work, community: UUID, dispute_id: UUID, ruling: Ruling) -> Dispute:
    """Decides a dispute, for good.

    Raises NotFound, Forbidden (somebody concerned, or who disputed it), WrongDisputeError.
    """
    found = await disputes.find(work.connection, community, dispute_id)
    task = None if found is None else await tasks.find(work.connection, community, found.task, lock=True)
    found = await disputes.find(work.connection, community, dispute_id)  # decided while we waited?
    if found is None or task is None:
        raise NotFound("no such dispute")
    concerned = await role_in(work, task, work.actor, staff=True) is not DisputedBy.staff
    if concerned or work.actor == found.person:
        raise Forbidden("somebody decides whom it does not concern")
    about = await claims.accountable(work.connection, community, task.id)
    decided = found.decided(ruling.checked(about).decision, work.now, work.actor)
    await disputes.decide(work.connection, decided)
    await _set_right(work, task, about, ruling)
    task = await _strike(work, task, about, ruling)
    left = [claim for claim in about if claim.state is ClaimState.reported and not ruling.strikes(claim)]
    if left:
        held = await claims.of_task(work.connection, community, task.id)
        task = await confirm(work, task, held, Witness.staff)
    changed = task.changed()
    await tasks.change(work.connection, changed)
    tell_decided(work, changed, decided, tuple(claim.person for claim in about))
    return decided


async def _set_right(work: Work, task: Task, about: list[Claim], ruling: Ruling) -> None:
    """Takes wrong entries back, and enters the right ones; what stands is left alone."""
    credited = await hours.credited(work.connection, task.community, task.id)
    for claim in about:
        wrong = credited.get(claim.person)
        now, right = (wrong.minutes if wrong else 0), ruling.right(claim, wrong.minutes if wrong else 0)
        if now == right:
            continue
        if wrong is not None:
            await _enter(work, wrong.counter(new_id(), "dispute", work.now, work.actor))
        if right:
            await _enter(work, _entry(work, task, claim, right, first=claim.state is ClaimState.reported))


def _entry(work: Work, task: Task, claim: Claim, minutes: int, *, first: bool) -> Entry:
    return Entry(
        *(new_id(), task.community, claim.volunteer, claim.person, minutes, "dispute"),
        made_at=work.now,
        made_by=work.actor,
        grade=Grade.c,
        task=task.id,
        claim=claim.id if first else None,  # a claim is credited once; what follows corrects that
    )


async def _enter(work: Work, entry: Entry) -> None:
    if await hours.add(work.connection, entry):
        tell_credited(work, entry)


async def _strike(work: Work, task: Task, about: list[Claim], ruling: Ruling) -> Task:
    """Refutes what was reported; where nothing is left of an open task, its places are free again."""
    again = task.state is TaskState.open and ruling.decision is Decision.struck
    for claim in filter(ruling.strikes, about):
        refuted = claim.refuted(work.now)
        if not again:
            await claims.change(work.connection, refuted)
            continue
        held = await claims.of_task(work.connection, task.community, task.id)
        await free_place(work, task, [other for other in held if other.id != claim.id], refuted)
        task = await tasks.find(work.connection, task.community, task.id) or task
    return task
