"""Places of a community: community > compound > building > unit."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.issues.domain.words import door, place_code, place_name


class Kind(StrEnum):
    """What a place is; the order of definition is the order of the hierarchy."""

    community = "community"
    compound = "compound"
    building = "building"
    unit = "unit"


LEVELS = tuple(Kind)
PARENT_OF: dict[Kind, Kind | None] = dict(zip(LEVELS, (None, *LEVELS[:-1]), strict=True))


class WrongParent(ValueError):
    """A place does not fit under its parent, or would have to move."""


class WrongFloorArea(ValueError):
    """Only a unit has a floor area, and it is above zero."""


class CodeTaken(Exception):
    """Another place or household of the community has the code already."""


class PlaceClosed(Exception):
    """Nothing can be added to a place that is closed."""


class PlaceInUse(Exception):
    """A place with open places or households in it cannot be closed."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place; `path` runs from the community to the place itself, `code` is unique in the community.

    A unit's `code` and `name` are its number on the door: they never leave this service.
    """

    id: UUID
    community: UUID
    kind: Kind
    path: tuple[UUID, ...]
    code: str
    name: str
    floor_area_cm2: int | None = None
    zone: str | None = None
    closed_at: datetime | None = None
    version: int = 1

    @property
    def parent(self) -> UUID | None:
        """The place right above; None for the community."""
        return self.path[-2] if len(self.path) > 1 else None


def new_community(place_id: UUID, code: str, name: str, zone: str) -> Place:
    """Make the place that is the community itself; `zone` is the IANA name by which its rules reckon.

    Raises:
        WrongWord: the code or name is none.
    """
    path = (place_id,)
    return Place(place_id, place_id, Kind.community, path, place_code(code), place_name(name), zone=zone)


def new_place(
    place_id: UUID, parent: Place, kind: Kind, code: str, name: str, floor_area_cm2: int | None
) -> Place:
    """Put a place under its parent.

    Raises:
        WrongParent: the kind does not belong under the parent's kind.
        PlaceClosed: the parent is closed.
        WrongFloorArea: a floor area for anything but a unit, or one of zero or less.
        WrongWord: the code or name is none.
    """
    if PARENT_OF[kind] != parent.kind:
        raise WrongParent(f"a {kind} does not belong under a {parent.kind}")
    if parent.closed_at is not None:
        raise PlaceClosed(f"{parent.code} is closed")
    check_floor_area(kind, floor_area_cm2)
    code = door(code) if kind is Kind.unit else place_code(code)
    path = (*parent.path, place_id)
    return Place(place_id, parent.community, kind, path, code, place_name(name), floor_area_cm2)


def check_floor_area(kind: Kind, floor_area_cm2: int | None) -> None:
    """Refuse a floor area where none belongs.

    Raises:
        WrongFloorArea: see there.
    """
    if floor_area_cm2 is None:
        return
    if kind is not Kind.unit:
        raise WrongFloorArea(f"a {kind} has no floor area of its own")
    if floor_area_cm2 <= 0:
        raise WrongFloorArea("a floor area is above zero")


def change_place(place: Place, name: str, floor_area_cm2: int | None) -> Place:
    """Rename or re-measure a place; the same place comes back when nothing differs.

    Raises:
        PlaceClosed: it is closed.
        WrongFloorArea, WrongWord: see there.
    """
    if place.closed_at is not None:
        raise PlaceClosed(f"{place.code} is closed")
    check_floor_area(place.kind, floor_area_cm2)
    if (name, floor_area_cm2) == (place.name, place.floor_area_cm2):
        return place
    return replace(place, name=place_name(name), floor_area_cm2=floor_area_cm2, version=place.version + 1)


def close_place(place: Place, at: datetime, *, in_use: bool) -> Place:
    """Close a place; closing it again changes nothing.

    Raises:
        PlaceInUse: open places or households are still in it, or it is the community itself.
    """
    if place.closed_at is not None:
        return place
    if in_use or place.kind is Kind.community:
        raise PlaceInUse(f"{place.code} still has open places or households, or is the community")
    return replace(place, closed_at=at, version=place.version + 1)
