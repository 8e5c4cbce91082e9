"""A volunteer: a person in one capacity, who has consented, and who may or may not be asked to help."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """In what capacity somebody helps; one person may in several."""

    resident = "resident"
    rider = "rider"
    party_member = "party-member"
    guard = "guard"
    steward = "steward"


class State(StrEnum):
    """Whether a volunteer may be asked: only who is active may."""

    applied = "applied"
    active = "active"
    suspended = "suspended"
    left = "left"


class Step(StrEnum):
    """What changes a volunteer's state."""

    vet = "vet"
    suspend = "suspend"
    resume = "resume"
    leave = "leave"


_STEPS: Mapping[Step, tuple[frozenset[State], State]] = {
    Step.vet: (frozenset({State.applied}), State.active),
    Step.suspend: (frozenset({State.active}), State.suspended),
    Step.resume: (frozenset({State.suspended}), State.active),
    # Consent can be withdrawn at any time.
    Step.leave: (frozenset({State.applied, State.active, State.suspended}), State.left),
}


class ConsentMissingError(ValueError):
    """Nobody is entered without having agreed to it."""


class AlreadyRegisteredError(ValueError):
    """The person helps in this capacity already."""


class WrongStateError(ValueError):
    """The step does not lead on from the volunteer's state."""

    def __init__(self, step: Step, state: State) -> None:
        super().__init__(f"who is {state.value} cannot be changed by {step.value}")


@dataclass(frozen=True, slots=True)
class Consent:
    """To which version of the text somebody agreed, and when (business time)."""

    text: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Volunteer:
    """One entry; `version` counts its changes from 1, times are business time.

    `home_place` is a place of the register where they live or work, if they have said so.
    """

    id: UUID
    community: UUID
    person: str
    kind: Kind
    state: State
    consent: Consent
    registered_at: datetime
    changed_at: datetime
    version: int = 1
    home_place: UUID | None = None

    def after(self, step: Step, now: datetime) -> "Volunteer":
        """The volunteer once a step is taken; raises WrongStateError."""
        before, then = _STEPS[step]
        if self.state not in before:
            raise WrongStateError(step, self.state)
        return replace(self, state=then, changed_at=now, version=self.version + 1)


def agreed(*, given: bool, text: str, now: datetime) -> Consent:
    """The consent as it is kept; raises ConsentMissingError."""
    if not given:
        raise ConsentMissingError("a volunteer agrees to be asked and to have their hours recorded")
    return Consent(text, now)
