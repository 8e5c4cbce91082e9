"""Types of request and answer fields that several resources share."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.issues.domain.dispatch import Assignee
from shared.contracts.fields import Code, PersonId

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")
]
"""Free text that says something; a zero byte is the one character PostgreSQL cannot keep."""

Door = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""A unit's or household's code, in any script."""

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
"""A time with its zone, within what every clock and database can reckon with."""

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class In(BaseModel):
    """A request body: what it does not know it refuses, since a misspelt field would be lost silently."""

    model_config = ConfigDict(extra="forbid")


class AssigneeFields(In):
    """Exactly one of a person, a role in a place, or the volunteers of a place."""

    person: PersonId | None = None
    role: Code | None = None
    place: UUID | None = Field(None, description="Where the role is held or the volunteers are")
    volunteers: bool = False

    @classmethod
    def of(cls, assignee: Assignee) -> "AssigneeFields":
        """Show an assignee."""
        return cls(
            person=assignee.person,
            role=assignee.role,
            place=assignee.place,
            volunteers=assignee.volunteers,
        )

    def assignee(self) -> Assignee:
        """Read an assignee.

        Raises:
            WrongAssignee: not exactly one is named.
        """
        return Assignee(self.person, self.role, self.place, self.volunteers)
