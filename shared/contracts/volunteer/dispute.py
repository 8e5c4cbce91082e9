"""Facts about disputes: somebody says that a task was not done as reported, and staff decide."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import About, Code, Instant, PersonId

DisputedBy = Literal["helped", "family", "volunteer", "staff"]
"""In what role somebody disputes; who it is stays with the service."""

DisputeDecision = Literal["stands", "struck", "corrected"]
"""What staff decide: it stands as reported, its hours are struck, or entered anew."""


class TaskDisputed(Fact, event_type="linli.volunteer.task-disputed.v1", subject="task"):
    """Somebody concerned disputes how a task ended; hours not credited yet wait for the decision."""

    task: UUID = Field(description="The task.")
    kind: Code = Field(description="What kind of task.")
    dispute: UUID = Field(description="This dispute.")
    by: DisputedBy = Field(description="In what role it is disputed.")
    reason: Code = Field(description="Why: not-done, somebody-else-came, wrong-hours, …")
    volunteers: tuple[PersonId, ...] = Field(
        default=(), max_length=64, description="Who did it, as reported."
    )
    disputed_at: Instant = Field(description="When.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    about: About | None = Field(default=None, description="The other service's thing it arose from.")
    asked_by: PersonId | None = Field(default=None, description="Who asked for it; none for other services.")
    family: tuple[PersonId, ...] = Field(
        default=(), max_length=16, description="The one who is helped and their family."
    )


class DisputeDecided(Fact, event_type="linli.volunteer.dispute-decided.v1", subject="task"):
    """Staff have decided a dispute; what changes in anybody's hours is told by `hours-credited`."""

    task: UUID = Field(description="The task.")
    kind: Code = Field(description="What kind of task.")
    dispute: UUID = Field(description="The dispute.")
    by: DisputedBy = Field(description="In what role it was disputed.")
    decision: DisputeDecision = Field(description="What was decided.")
    volunteers: tuple[PersonId, ...] = Field(
        default=(), max_length=64, description="Who did it, as reported."
    )
    decided_at: Instant = Field(description="When.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    about: About | None = Field(default=None, description="The other service's thing it arose from.")
    asked_by: PersonId | None = Field(default=None, description="Who asked for it; none for other services.")
    family: tuple[PersonId, ...] = Field(
        default=(), max_length=16, description="The one who is helped and their family."
    )
