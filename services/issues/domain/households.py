"""Households: who lives in a unit, by person ids that say nothing about the person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.issues.domain.places import Kind, Place, PlaceClosed
from services.issues.domain.words import door, person_id

MOST_PERSONS = 32


class NotAUnit(ValueError):
    """A household lives in a unit, not in a building or compound."""


class WrongPersons(ValueError):
    """Person ids are distinct, and there are not too many."""


class HouseholdEnded(Exception):
    """The household has ended and can no longer change."""


@dataclass(frozen=True, slots=True)
class Household:
    """One household; `code` is unique in the community, `persons` are in the order they were given."""

    id: UUID
    community: UUID
    code: str
    unit: UUID
    persons: tuple[str, ...]
    ended_at: datetime | None = None
    version: int = 1


def new_household(household_id: UUID, unit: Place, code: str, persons: Sequence[str]) -> Household:
    """Let a household live in a unit.

    Raises:
        NotAUnit, PlaceClosed, WrongPersons, WrongWord: see there.
    """
    if unit.kind is not Kind.unit:
        raise NotAUnit(f"{unit.code} is a {unit.kind}, not a unit")
    if unit.closed_at is not None:
        raise PlaceClosed(f"{unit.code} is closed")
    return Household(household_id, unit.community, door(code), unit.id, _checked(persons))


def change_household(household: Household, unit: Place, persons: Sequence[str]) -> Household:
    """Move a household or change its persons; the same household comes back when nothing differs.

    Raises:
        HouseholdEnded, NotAUnit, PlaceClosed, WrongPersons, WrongWord: see there.
    """
    if household.ended_at is not None:
        raise HouseholdEnded(f"{household.code} has ended")
    if (unit.id, tuple(persons)) == (household.unit, household.persons):
        return household
    moved = new_household(household.id, unit, household.code, persons)
    return replace(moved, version=household.version + 1)


def end_household(household: Household, at: datetime) -> Household:
    """End a household; ending it again changes nothing."""
    if household.ended_at is not None:
        return household
    return replace(household, ended_at=at, version=household.version + 1)


def _checked(persons: Sequence[str]) -> tuple[str, ...]:
    if len(set(persons)) != len(persons):
        raise WrongPersons("a person is named twice")
    if len(persons) > MOST_PERSONS:
        raise WrongPersons(f"more than {MOST_PERSONS} persons")
    return tuple(person_id(person) for person in persons)
