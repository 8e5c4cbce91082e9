"""A claim: one volunteer's hold on one place of a task, from the promise to the confirmation."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.volunteer.domain.kind import KindRules
from services.volunteer.domain.volunteer import State, Volunteer

LATE = timedelta(hours=1)


class ClaimState(StrEnum):
    """Where a claim stands; `missed` is who promised and did not come, `refuted` whose report was struck."""

    claimed = "claimed"
    checked_in = "checked-in"
    reported = "reported"
    confirmed = "confirmed"
    released = "released"
    missed = "missed"
    refuted = "refuted"


HOLDING = frozenset({ClaimState.claimed, ClaimState.checked_in})
"""In these states the volunteer is still expected, or there."""


class NotEligibleError(ValueError):
    """The volunteer may not take such a task."""


class NoPlaceError(ValueError):
    """Others were faster: every place is taken."""


class OverlapError(ValueError):
    """The person has promised to be elsewhere in that time."""


class NoClaimError(ValueError):
    """The person holds no place of this task, or not in the state this needs."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One hold; the promise is from `starts_at` up to but without `ends_at` (business time).

    `evidence` are references to photos that are kept elsewhere.
    """

    id: UUID
    community: UUID
    task: UUID
    number: int
    volunteer: UUID
    person: str
    starts_at: datetime
    ends_at: datetime
    claimed_at: datetime
    state: ClaimState = ClaimState.claimed
    checked_in_at: datetime | None = None
    at_place: bool = False
    reported_at: datetime | None = None
    outcome: str | None = None
    note: str | None = None
    ended_at: datetime | None = None
    late: bool = False
    evidence: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it takes up its place and is not settled yet."""
        return self.state in HOLDING or self.state is ClaimState.reported

    def checked_in(self, now: datetime, *, at_place: bool) -> "Claim":
        """The claim of somebody who has arrived; raises NoClaimError."""
        if self.state is ClaimState.checked_in:
            return replace(self, at_place=self.at_place or at_place)
        if self.state is not ClaimState.claimed:
            raise NoClaimError("who is expected checks in, nobody else")
        return replace(self, state=ClaimState.checked_in, checked_in_at=now, at_place=at_place)

    def reported(
        self, outcome: str, note: str | None, now: datetime, evidence: tuple[str, ...] = ()
    ) -> "Claim":
        """The claim of somebody who says how it went; raises NoClaimError unless they had checked in."""
        if self.state is not ClaimState.checked_in:
            raise NoClaimError("check in first")
        return replace(
            self,
            state=ClaimState.reported,
            reported_at=now,
            outcome=outcome,
            note=note,
            evidence=evidence,
        )

    def released(self, now: datetime) -> "Claim":
        """The claim given back; late is within an hour of the promised time. Raises NoClaimError."""
        if self.state not in HOLDING:
            raise NoClaimError("there is nothing to give back")
        late = self.starts_at - now < LATE
        return replace(self, state=ClaimState.released, ended_at=now, late=late)

    def missed(self, now: datetime) -> "Claim":
        """The claim of somebody who never came, or never said how it went."""
        return replace(self, state=ClaimState.missed, ended_at=now)

    def refuted(self, now: datetime) -> "Claim":
        """The claim of somebody whose report was disputed, and struck by staff."""
        return replace(self, state=ClaimState.refuted, ended_at=now)

    def confirmed(self, now: datetime) -> "Claim":
        """The claim once somebody else has said that it was done."""
        return replace(self, state=ClaimState.confirmed, ended_at=now, reported_at=self.reported_at or now)


def check_eligible(rules: KindRules, volunteer: Volunteer, skills: Collection[str]) -> None:
    """Raises NotEligibleError unless the volunteer may take such a task; `skills` are those that hold."""
    if volunteer.state is not State.active:
        raise NotEligibleError("only who was vetted takes tasks")
    if volunteer.kind.value not in rules.who:
        raise NotEligibleError(f"such tasks are not for a {volunteer.kind.value}")
    missing = [skill for skill in rules.skills if skill not in skills]
    if missing:
        raise NotEligibleError(f"it needs {', '.join(missing)}")
