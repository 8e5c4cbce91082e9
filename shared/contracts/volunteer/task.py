"""Facts about a task: somebody is needed, somebody will come, how it ended. Never a name, a door or words."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import About, Code, EvidenceRef, Instant, PersonId, Quantity

TaskOutcome = Literal["done", "not-needed", "not-possible", "expired"]
"""How what was asked for ended; the same words wherever a story goes on."""


class TaskOpened(Fact, event_type="linli.volunteer.task-opened.v1", subject="task"):
    """A task needs somebody: it was asked for, or somebody who had taken it cannot come."""

    task: UUID = Field(description="The task.")
    kind: Code = Field(description="What kind of task.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    starts_at: Instant = Field(description="From when it can be done.")
    ends_at: Instant = Field(description="By when it must be done.")
    places: Quantity = Field(description="How many persons are still needed.")
    reopened: bool = Field(default=False, description="Whether somebody had taken it before.")
    about: About | None = Field(default=None, description="The other service's thing it arose from.")
    asked_by: PersonId | None = Field(default=None, description="Who asked for it; none for other services.")
    family: tuple[PersonId, ...] = Field(
        default=(), max_length=16, description="The one who is helped and their family."
    )
    released: tuple[PersonId, ...] = Field(
        default=(), max_length=256, description="Who had taken it and may not any more."
    )
    left: PersonId | None = Field(
        default=None, description="Whose place it was and who does not come, of their own will or not."
    )


class TaskClaimed(Fact, event_type="linli.volunteer.task-claimed.v1", subject="task"):
    """A volunteer has taken a place of a task and promised a time; each place has exactly one."""

    task: UUID = Field(description="The task.")
    kind: Code = Field(description="What kind of task.")
    claim: UUID = Field(description="The volunteer's hold on the place.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    number: Quantity = Field(description="Which of the task's places, from 1.")
    volunteer: UUID = Field(description="The volunteer's entry.")
    person: PersonId = Field(description="Who will come.")
    starts_at: Instant = Field(description="From when they promised to be there.")
    ends_at: Instant = Field(description="Until when it takes.")
    from_waiting: bool = Field(default=False, description="Whether they moved up from the waiting list.")
    about: About | None = Field(default=None, description="The other service's thing it arose from.")
    asked_by: PersonId | None = Field(default=None, description="Who asked for it; none for other services.")
    family: tuple[PersonId, ...] = Field(
        default=(), max_length=16, description="The one who is helped and their family."
    )
    released: tuple[PersonId, ...] = Field(
        default=(), max_length=256, description="Who had the place before and may not any more."
    )
    left: PersonId | None = Field(
        default=None, description="Whose place it was and who does not come, of their own will or not."
    )


class TaskCompleted(Fact, event_type="linli.volunteer.task-completed.v1", subject="task"):
    """A task is over: done, found to be not needed, or found to be not possible."""

    task: UUID = Field(description="The task.")
    kind: Code = Field(description="What kind of task.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    outcome: TaskOutcome = Field(description="How it ended.")
    completed_at: Instant = Field(description="When it ended.")
    volunteers: tuple[PersonId, ...] = Field(default=(), max_length=64, description="Who did it.")
    about: About | None = Field(default=None, description="The other service's thing it arose from.")
    asked_by: PersonId | None = Field(default=None, description="Who asked for it; none for other services.")
    family: tuple[PersonId, ...] = Field(
        default=(), max_length=16, description="The one who is helped and their family."
    )
    released: tuple[PersonId, ...] = Field(
        default=(), max_length=256, description="Who was expected or waited, and need not come."
    )
    evidence: tuple[EvidenceRef, ...] = Field(
        default=(),
        max_length=64,
        description="References to pictures by which it can be checked, of a task that arose elsewhere.",
    )


class TaskExpired(Fact, event_type="linli.volunteer.task-expired.v1", subject="task"):
    """A task's time is over and nobody did it."""

    task: UUID = Field(description="The task.")
    kind: Code = Field(description="What kind of task.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    outcome: TaskOutcome = Field(description="How it ended: expired.")
    expired_at: Instant = Field(description="When it was given up.")
    taken: bool = Field(description="Whether somebody had taken it and did not come.")
    about: About | None = Field(default=None, description="The other service's thing it arose from.")
    asked_by: PersonId | None = Field(default=None, description="Who asked for it; none for other services.")
    family: tuple[PersonId, ...] = Field(
        default=(), max_length=16, description="The one who is helped and their family."
    )
    released: tuple[PersonId, ...] = Field(
        default=(), max_length=256, description="Who was expected or waited, and need not come any more."
    )
