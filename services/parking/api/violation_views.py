"""How violations are shown, to each as much as their role needs."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.parking.domain.plate import masked
from services.parking.domain.violation import late
from services.parking.domain.violation_sight import Sight
from services.parking.store.shown_violations import ShownLook, ShownStep
from services.parking.store.violations import Violation


class ViolationSummary(BaseModel):
    """A violation and where it stands."""

    id: UUID
    compound: UUID
    kind: str
    masked_plate: str
    plate: str | None = Field(description="In clear for those in charge only.")
    household: UUID | None = Field(description="Whose car it is; for those in charge only.")
    contact: str | None = Field(description="Who answers for a visitor's car; for those in charge only.")
    state: Literal["open", "cleared"]
    outcome: str | None
    opened_at: datetime
    last_seen_at: datetime
    cleared_at: datetime | None
    step: int = Field(description="0 is the first notice.")
    action: str
    seconds_in_step: int
    asked_until: datetime | None = Field(description="By when the person who was asked should have looked.")
    next_at: datetime | None = Field(description="When the next step is taken if it still stands there.")
    late: bool = Field(description="An answer or a step is overdue, or all was tried: see to it.")


class StepView(BaseModel):
    """A step as it was taken, and how long the case stood there."""

    step: int
    action: str
    reason: str = Field(description="Why then: seen, time, or not-possible, as who was asked said.")
    taken_at: datetime
    due_at: datetime | None
    seconds: int


class LookView(BaseModel):
    """One look at the car; `by` for those in charge only."""

    says: str
    seen_at: datetime
    received_at: datetime
    source: str
    role: str | None
    by: str | None
    evidence: list[str]
    zone: str | None


class ViolationView(ViolationSummary):
    """A violation with its steps; looks are not shown to the owner."""

    steps: list[StepView]
    looks: list[LookView] | None


def summary_of(violation: Violation, sight: Sight, now: datetime) -> ViolationSummary:
    """Show where a violation stands."""
    course, full = violation.course, sight is Sight.full
    return ViolationSummary(
        id=violation.id,
        compound=violation.compound,
        kind=violation.kind,
        masked_plate=masked(violation.plate),
        plate=violation.plate if full else None,
        household=violation.household if full else None,
        contact=violation.contact if full else None,
        state="open" if course.outcome is None else "cleared",
        outcome=None if course.outcome is None else course.outcome.value,
        opened_at=violation.opened_at,
        last_seen_at=course.last_seen_at,
        cleared_at=course.cleared_at,
        step=course.step,
        action=course.action.value,
        seconds_in_step=_seconds(course.stepped_at, course.cleared_at or now),
        asked_until=course.asked_until,
        next_at=course.next_at,
        late=late(course, now),
    )


def steps_shown(violation: Violation, steps: Sequence[ShownStep], now: datetime) -> list[StepView]:
    """Show the steps taken, each with the time until the next one, the end, or now."""
    ends = [after.taken_at for _, after in pairwise(steps)] + [violation.course.cleared_at or now]
    return [
        StepView(
            step=step.step,
            action=step.action,
            reason=step.reason,
            taken_at=step.taken_at,
            due_at=step.due_at,
            seconds=_seconds(step.taken_at, end),
        )
        for step, end in zip(steps, ends, strict=True)
    ]


def looks_shown(looks: Sequence[ShownLook], sight: Sight) -> list[LookView]:
    """Show the looks, without whose they are to who need not know."""
    return [
        LookView(
            says=look.says,
            seen_at=look.seen_at,
            received_at=look.received_at,
            source=look.source,
            role=look.role,
            by=look.source_id if sight is Sight.full else None,
            evidence=list(look.evidence),
            zone=look.zone,
        )
        for look in looks
    ]


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds()))
