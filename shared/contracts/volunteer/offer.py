"""Facts about offers: somebody is asked whether they would take a task."""

from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import About, Code, Instant, PersonId


class TaskOffered(Fact, event_type="linli.volunteer.task-offered.v1", subject="task"):
    """A volunteer is asked to take a task; an invitation alone, for the first to claim a place has it."""

    task: UUID = Field(description="The task.")
    kind: Code = Field(description="What kind of task.")
    offer: UUID = Field(description="This invitation.")
    volunteer: UUID = Field(description="The volunteer's entry.")
    person: PersonId = Field(description="Who is asked.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    starts_at: Instant = Field(description="From when it can be done.")
    ends_at: Instant = Field(description="By when it must be done.")
    expires_at: Instant = Field(description="Until when an answer is waited for, exclusive.")
    about: About | None = Field(default=None, description="The other service's thing it arose from.")
