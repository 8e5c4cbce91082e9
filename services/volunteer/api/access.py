"""Who is staff here, and whose entries everybody else may touch; and the types that bodies share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.http.call import Call
from shared.security.roles import Role

STAFF = frozenset({Role.steward, Role.operator})

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
"""A time with its zone, within what every clock and database can reckon with."""

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
"""Words for people's eyes; a zero byte is the one character PostgreSQL cannot keep."""


class In(BaseModel):
    """A request body: what it does not know it refuses, since a misspelt field would be lost silently."""

    model_config = ConfigDict(extra="forbid")


def own(call: Call) -> str | None:
    """The only person whose things the caller may touch; None for staff, who may touch all."""
    return call.actor.person if STAFF.isdisjoint(call.roles) else None
