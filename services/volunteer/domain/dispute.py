"""Disputes: somebody concerned says that a task was not done as reported, and staff decide."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.volunteer.domain.claim import Claim, ClaimState
from services.volunteer.domain.link import answer_until
from services.volunteer.domain.task import Task, TaskState

ACCOUNTABLE = frozenset({ClaimState.reported, ClaimState.confirmed, ClaimState.refuted})
"""Claims in these states are what a dispute is about."""


class DisputedBy(StrEnum):
    """In what role somebody disputes: the one who was helped, the family, who did it, or staff."""

    helped = "helped"
    family = "family"
    volunteer = "volunteer"
    staff = "staff"


class Decision(StrEnum):
    """It stands as reported; its hours are struck; or they are entered anew."""

    stands = "stands"
    struck = "struck"
    corrected = "corrected"


class WrongDisputeError(ValueError):
    """There is nothing to dispute, not any more, or it was disputed or decided before."""


class DisputedError(ValueError):
    """The task is disputed: nothing is confirmed until that is decided."""

    def __init__(self) -> None:
        super().__init__("the task is disputed; staff decide first")


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute; `person` is None for a relative without an account."""

    id: UUID
    community: UUID
    task: UUID
    by: DisputedBy
    person: str | None
    reason: str
    disputed_at: datetime
    decision: Decision | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None

    def decided(self, decision: Decision, now: datetime, actor: str) -> "Dispute":
        """The dispute at its end; raises WrongDisputeError when it was decided before."""
        if self.decision is not None:
            raise WrongDisputeError("this was decided before")
        return replace(self, decision=decision, decided_at=now, decided_by=actor)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What staff decide; `minutes` are the right ones by claim, for those that are corrected."""

    decision: Decision
    minutes: Mapping[UUID, int] = field(default_factory=dict)

    def checked(self, claims: Collection[Claim]) -> "Ruling":
        """The ruling, if it names minutes where it corrects and only there; raises WrongDisputeError."""
        if (self.decision is Decision.corrected) != bool(self.minutes):
            raise WrongDisputeError("minutes are named where they are corrected, and only there")
        if not self.minutes.keys() <= {claim.id for claim in claims}:
            raise WrongDisputeError("minutes are corrected of claims of this task")
        return self

    def strikes(self, claim: Claim) -> bool:
        """Whether nothing is left of a claim's report."""
        return self.decision is Decision.struck or self.minutes.get(claim.id) == 0

    def right(self, claim: Claim, credited: int) -> int:
        """How many minutes a claim should have that has so many now."""
        if self.decision is Decision.struck:
            return 0
        return self.minutes.get(claim.id, credited)


def check_disputable(task: Task, claims: Collection[Claim], now: datetime) -> None:
    """Raises WrongDisputeError unless something was reported, and it is not too late."""
    if not any(claim.state in ACCOUNTABLE for claim in claims):
        raise WrongDisputeError("nobody has reported anything that could be disputed")
    if task.state is TaskState.expired:
        raise WrongDisputeError("nobody did it")
    if task.state is TaskState.completed and now >= answer_until(task):
        raise WrongDisputeError("it is too late to dispute this")


def role_of(
    person: str, helped: str | None, family: Collection[str], claims: Collection[Claim], *, staff: bool
) -> DisputedBy | None:
    """In what role somebody disputes; None for those it does not concern."""
    if any(claim.person == person for claim in claims):
        return DisputedBy.volunteer
    if person == helped:
        return DisputedBy.helped
    if person in family:
        return DisputedBy.family
    return DisputedBy.staff if staff else None
