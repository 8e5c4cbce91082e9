"""Facts about duty: from when until when somebody who helps may be called upon."""

from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import Code, Instant, PersonId


class DutyStarted(Fact, event_type="linli.volunteer.duty-started.v1", subject="duty"):
    """A volunteer is on duty from now on, until they say otherwise or the time agreed is over."""

    duty: UUID = Field(description="This stretch of duty.")
    volunteer: UUID = Field(description="The volunteer's entry.")
    person: PersonId = Field(description="Who it is.")
    kind: Code = Field(description="In what capacity: resident, rider, party-member, …")
    starts_at: Instant = Field(description="From when, inclusive.")
    ends_at: Instant = Field(description="Until when at the latest, exclusive.")


class DutyEnded(Fact, event_type="linli.volunteer.duty-ended.v1", subject="duty"):
    """A volunteer is no longer on duty."""

    duty: UUID = Field(description="This stretch of duty.")
    volunteer: UUID = Field(description="The volunteer's entry.")
    person: PersonId = Field(description="Who it is.")
    kind: Code = Field(description="In what capacity: resident, rider, party-member, …")
    ended_at: Instant = Field(description="When it ended.")
