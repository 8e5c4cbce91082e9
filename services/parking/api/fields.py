"""Types of request and answer fields that several resources share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]
"""A time with its zone, within what every clock and database can reckon with."""

PlateText = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[^\x00]+$")]
"""A number plate, written in any usual way."""

SeenPlate = Annotated[str, StringConstraints(max_length=32, pattern=r"^[^\x00]*$")]
"""What a camera wrote where others have a number plate; possibly nothing."""

LaneName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""What people call a lane, such as `north-in`."""


class In(BaseModel):
    """A request body: what it does not know it refuses, since a misspelt field would be lost silently."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
