"""Facts about the people who help."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import Code, PersonId

VolunteerState = Literal["applied", "active", "suspended", "left"]


class VolunteerRegistered(Fact, event_type="linli.volunteer.volunteer-registered.v1", subject="volunteer"):
    """A person signed up to help, or the state of their entry changed."""

    volunteer: UUID = Field(description="The volunteer's entry.")
    person: PersonId = Field(description="Who it is.")
    kind: Code = Field(description="In what capacity: resident, rider, party-member, …")
    state: VolunteerState = Field(description="Whether they may be asked yet.")
