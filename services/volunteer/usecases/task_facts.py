"""What happens to tasks, said as the facts that everybody may read: ids and codes, never names or doors."""

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from services.volunteer.domain.claim import Claim
from services.volunteer.domain.dispute import Dispute
from services.volunteer.domain.offer import Offer
from services.volunteer.domain.task import Task
from shared.contracts.fields import About
from shared.contracts.volunteer.dispute import DisputeDecided, TaskDisputed
from shared.contracts.volunteer.offer import TaskOffered
from shared.contracts.volunteer.task import TaskClaimed, TaskCompleted, TaskExpired, TaskOpened
from shared.database.work import Work

MOST_RELEASED = 256
MOST_EVIDENCE = 64
"""A fact names no more: of a longer waiting list the first ones."""


class _Known(TypedDict):
    task: UUID
    kind: str
    place: UUID | None
    about: About | None
    asked_by: str | None
    family: tuple[str, ...]


def tell_opened(
    work: Work,
    task: Task,
    places: int,
    *,
    reopened: bool = False,
    released: tuple[str, ...] = (),
    left: str | None = None,
    traceparent: str | None = None,
) -> None:
    """Say that somebody is needed, for the first time or again; who left, and who did without their doing."""
    fact = TaskOpened(
        starts_at=task.starts_at,
        ends_at=task.ends_at,
        places=places,
        reopened=reopened,
        released=released,
        left=left,
        **_known(task),
    )
    work.emit(fact, sequence=task.version, community=task.community, traceparent=traceparent)


def tell_offered(work: Work, task: Task, offer: Offer) -> None:
    """Say who is asked, and until when."""
    known = _known(task)
    fact = TaskOffered(
        task=task.id,
        kind=task.kind,
        offer=offer.id,
        volunteer=offer.volunteer,
        person=offer.person,
        place=task.place,
        starts_at=task.starts_at,
        ends_at=task.ends_at,
        expires_at=offer.expires_at,
        about=known["about"],
    )
    work.emit(fact, sequence=task.version, community=task.community)


def tell_claimed(
    work: Work,
    task: Task,
    claim: Claim,
    *,
    from_waiting: bool = False,
    released: tuple[str, ...] = (),
    left: str | None = None,
) -> None:
    """Say who will come, and when; who left their place to them, and who did without their doing."""
    fact = TaskClaimed(
        claim=claim.id,
        number=claim.number,
        volunteer=claim.volunteer,
        person=claim.person,
        starts_at=claim.starts_at,
        ends_at=claim.ends_at,
        from_waiting=from_waiting,
        released=released,
        left=left,
        **_known(task),
    )
    work.emit(fact, sequence=task.version, community=task.community)


def tell_completed(
    work: Work,
    task: Task,
    did: Sequence[Claim],
    released: Sequence[str],
    traceparent: str | None = None,
) -> None:
    """Say that a task is over, who did it, and who need not come.

    Pictures are for whoever asked from elsewhere; those of a neighbour's errand stay here.
    """
    if task.outcome is None or task.ended_at is None:
        raise ValueError("a task that is over has an outcome and an end")
    photos = [photo for claim in did for photo in claim.evidence]
    fact = TaskCompleted(
        outcome=task.outcome.value,
        completed_at=task.ended_at,
        volunteers=tuple(claim.person for claim in did),
        released=tuple(released[:MOST_RELEASED]),
        evidence=() if task.about_id is None else tuple(photos[:MOST_EVIDENCE]),
        **_known(task),
    )
    work.emit(fact, sequence=task.version, community=task.community, traceparent=traceparent)


def tell_expired(work: Work, task: Task, released: Sequence[str], *, taken: bool) -> None:
    """Say that nobody did it in time."""
    if task.ended_at is None:
        raise ValueError("a task that is over has an end")
    fact = TaskExpired(
        outcome="expired",
        expired_at=task.ended_at,
        taken=taken,
        released=tuple(released[:MOST_RELEASED]),
        **_known(task),
    )
    work.emit(fact, sequence=task.version, community=task.community)


def tell_disputed(work: Work, task: Task, dispute: Dispute, volunteers: tuple[str, ...]) -> None:
    """Say that a completion is disputed; by whom is not said, only in what role."""
    fact = TaskDisputed(
        dispute=dispute.id,
        by=dispute.by.value,
        reason=dispute.reason,
        volunteers=volunteers,
        disputed_at=dispute.disputed_at,
        **_known(task),
    )
    work.emit(fact, sequence=task.version, community=task.community)


def tell_decided(work: Work, task: Task, dispute: Dispute, volunteers: tuple[str, ...]) -> None:
    """Say what was decided of a dispute."""
    if dispute.decision is None or dispute.decided_at is None:
        raise ValueError("what was decided has a decision and its time")
    fact = DisputeDecided(
        dispute=dispute.id,
        by=dispute.by.value,
        decision=dispute.decision.value,
        volunteers=volunteers,
        decided_at=dispute.decided_at,
        **_known(task),
    )
    work.emit(fact, sequence=task.version, community=task.community)


def _known(task: Task) -> _Known:
    about = None
    if task.about_type is not None and task.about_id is not None:
        about = About(type=task.about_type, id=task.about_id, version=task.about_version)
    return {
        "task": task.id,
        "kind": task.kind,
        "place": task.place,
        "about": about,
        "asked_by": task.asked_by,
        "family": task.family,
    }
