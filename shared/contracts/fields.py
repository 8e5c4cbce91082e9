"""The types a fact's fields may have; none of them can carry free text.

A closed vocabulary is a `Literal` and cannot change within a version. An open one (categories, roles,
flags, reasons, channels) is a `Code`: readers skip the codes they do not know.
"""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, WithJsonSchema

from shared.contracts.fact import Part

PersonId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
"""The identity provider's subject: opaque, visible ASCII without spaces, so no name fits."""

Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
"""A word of an open vocabulary, such as `blocked-fire-lane`."""

PlaceCode = Annotated[str, StringConstraints(max_length=32, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A community's, compound's or building's short code, such as `HY-12`; units have none on the bus."""

PlaceName = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\s](.*[^\s])?$")]
"""The public name of a community, compound or building; units have none on the bus."""

ZoneName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$")]
"""A time zone's IANA name, such as `Asia/Shanghai`."""

MaskedPlate = Annotated[
    str,
    StringConstraints(pattern=r"^([一-鿿]{0,2}[A-Z]{0,2}·)?\*{2,8}[0-9A-Z挂学警港澳领使]{0,3}$"),
]
"""A number plate of which at most the last three characters are shown: 浙L·**123."""


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    except OverflowError as error:  # year 1 east of Greenwich, year 9999 west of it
        raise ValueError("the instant has no date in UTC") from error


INSTANT_SCHEMA: dict[str, str] = {
    "type": "string",
    "format": "date-time",
    "pattern": (
        "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?Z$"
    ),
}
"""RFC 3339 in UTC, exactly as written here, because many validators do not check formats."""

Instant = Annotated[AwareDatetime, AfterValidator(_in_utc), WithJsonSchema({**INSTANT_SCHEMA})]
"""A point in time with its zone, kept and written in UTC."""


EvidenceRef = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]
"""Where a picture or note is kept: a reference, never the thing itself."""

Quantity = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A whole number that every JSON reader keeps exactly, for areas, minutes and fen."""


class About(Part):
    """The thing of another service that something arose from."""

    type: Code = Field(description="What it is: case, violation, task, …")
    id: UUID = Field(description="Its id there.")
    version: Quantity | None = Field(
        default=None,
        description="The sequence of the event that it arose from, when one thing can give rise to several.",
    )
