"""The register: places, households and roles, on a compacted topic from which anyone may build a projection.

Each fact states the entity as it now stands, under the entity's id as key, so the last one per key is
enough. There are no tombstones: an ending is a fact of its own with the same key.
"""

from typing import Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator

from shared.contracts.fact import Fact
from shared.contracts.fields import Code, PersonId, PlaceCode, PlaceName, Quantity, ZoneName

REGISTER = "linli.register"

PlaceKind = Literal["community", "compound", "building", "unit"]

_PRESENT: JsonValue = {"type": "string"}
_ABSENT: JsonValue = {"type": "null"}
_KIND_RULES: dict[str, JsonValue] = {
    "allOf": [
        {
            "if": {"properties": {"kind": {"const": "community"}}},
            "then": {"properties": {"parent": _ABSENT, "zone": _PRESENT}, "required": ["zone"]},
            "else": {"properties": {"parent": _PRESENT, "zone": _ABSENT}, "required": ["parent"]},
        },
        {
            "if": {"properties": {"kind": {"const": "unit"}}},
            "then": {"properties": {"name": _ABSENT, "code": _ABSENT}},
        },
    ]
}
"""What `PlaceRegistered` checks across its fields, in the words of JSON Schema."""


class PlaceRegistered(Fact, event_type="linli.issues.place-registered.v1", subject="place", topic=REGISTER):
    """A place was entered in the register, or changed there."""

    model_config = ConfigDict(json_schema_extra=_KIND_RULES)

    place: UUID = Field(description="The place.")
    kind: PlaceKind = Field(description="A community holds compounds, those buildings, those units.")
    parent: UUID | None = Field(default=None, description="The place it lies in; none for a community.")
    name: PlaceName | None = Field(default=None, description="Its public name; none for a unit.")
    code: PlaceCode | None = Field(default=None, description="Its short code; none for a unit.")
    floor_area_cm2: Quantity | None = Field(
        default=None, description="Floor area in square centimetres, as owners' votes are weighed."
    )
    zone: ZoneName | None = Field(default=None, description="Time zone, of a community only.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        is_community = self.kind == "community"
        if is_community != (self.parent is None):
            raise ValueError("a community has no parent, and any other place has one")
        if is_community != (self.zone is not None):
            raise ValueError("a community has a zone, and no other place has one")
        if self.kind == "unit" and (self.name, self.code) != (None, None):
            raise ValueError("a unit is known by its id alone: no name and no code")
        return self


class PlaceClosed(Fact, event_type="linli.issues.place-closed.v1", subject="place", topic=REGISTER):
    """A place was closed: it takes no new cases, households or roles."""

    place: UUID = Field(description="The place.")


class HouseholdRegistered(
    Fact, event_type="linli.issues.household-registered.v1", subject="household", topic=REGISTER
):
    """A household was entered in the register, or its persons changed."""

    household: UUID = Field(description="The household.")
    unit: UUID = Field(description="The unit it lives in.")
    persons: tuple[PersonId, ...] = Field(max_length=500, description="All its persons as of now.")


class HouseholdEnded(Fact, event_type="linli.issues.household-ended.v1", subject="household", topic=REGISTER):
    """A household moved out or was dissolved."""

    household: UUID = Field(description="The household.")


class RoleGranted(Fact, event_type="linli.issues.role-granted.v1", subject="grant", topic=REGISTER):
    """A person was given a role in a place."""

    grant: UUID = Field(description="The grant.")
    person: PersonId = Field(description="Who holds the role.")
    role: Code = Field(description="The role: representative, councillor, guard, handler, …")
    place: UUID = Field(description="Where the role holds.")


class RoleRevoked(Fact, event_type="linli.issues.role-revoked.v1", subject="grant", topic=REGISTER):
    """A person no longer holds a role in a place."""

    grant: UUID = Field(description="The grant that ended.")
    person: PersonId = Field(description="Who held the role.")
    role: Code = Field(description="The role.")
    place: UUID = Field(description="Where the role held.")
