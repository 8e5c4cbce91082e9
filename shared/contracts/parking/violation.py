"""Facts about a car that must move: where it was seen, what was tried, that it is gone; keyed by the case."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import Code, Instant, MaskedPlate, PersonId
from shared.contracts.issues.case import Assignee

StepAction = Literal["tell-again", "ask-person", "street-office"]
ViolationOutcome = Literal["moved", "not-a-violation", "removed", "unresolved"]


class ViolationOpened(Fact, event_type="linli.parking.violation-opened.v1", subject="violation"):
    """A car was seen standing where it must not; whoever it belongs to is to hear at once."""

    violation: UUID = Field(description="The violation; one is open for a car, a compound and a kind.")
    place: UUID = Field(description="The compound.")
    kind: Code = Field(description="What is wrong: fire-lane, exit-blocked, two-bays, quiet-zone, …")
    masked_plate: MaskedPlate = Field(description="The car's number plate, masked.")
    household: UUID | None = Field(default=None, description="Whose car it is, when a household has it.")
    owners: tuple[PersonId, ...] = Field(
        default=(), max_length=64, description="Who lives in that household and may follow the case."
    )
    told: Assignee | None = Field(
        default=None, description="Who hears of a car of no household: the pass's contact, else the guards."
    )
    opened_at: Instant = Field(description="When it was opened.")


class ViolationEscalated(Fact, event_type="linli.parking.violation-escalated.v1", subject="violation"):
    """The car still stands there and the next step was taken; each step once for a violation."""

    violation: UUID = Field(description="The violation.")
    place: UUID = Field(description="The compound.")
    kind: Code = Field(description="What is wrong.")
    masked_plate: MaskedPlate = Field(description="The car's number plate, masked.")
    step: int = Field(ge=1, le=9, description="Which step after the first notice, from 1.")
    action: StepAction = Field(
        description="Tell again by another channel, ask a person to go and look, or call the street office."
    )
    household: UUID | None = Field(default=None, description="Whose car it is, when a household has it.")
    owners: tuple[PersonId, ...] = Field(
        default=(), max_length=64, description="Who lives in that household and may follow the case."
    )
    told: Assignee | None = Field(
        default=None, description="Who hears besides a household: whoever heard before, or the street office."
    )
    escalated_at: Instant = Field(description="When the step was taken.")
    due_at: Instant | None = Field(default=None, description="By when a person asked should have looked.")


class ViolationCleared(Fact, event_type="linli.parking.violation-cleared.v1", subject="violation"):
    """A second look, or somebody's word with evidence, ended it; nothing more is tried."""

    violation: UUID = Field(description="The violation.")
    place: UUID = Field(description="The compound.")
    kind: Code = Field(description="What was wrong.")
    masked_plate: MaskedPlate = Field(description="The car's number plate, masked.")
    household: UUID | None = Field(default=None, description="Whose car it is, when a household has it.")
    owners: tuple[PersonId, ...] = Field(
        default=(), max_length=64, description="Who lives in that household and may follow the case."
    )
    told: Assignee | None = Field(default=None, description="Who heard of it besides a household.")
    outcome: ViolationOutcome = Field(description="How it ended.")
    cleared_at: Instant = Field(description="When it was cleared.")
