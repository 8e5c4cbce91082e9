"""The register's own things, said as the facts that everybody may read."""

from services.issues.domain.grants import Grant
from services.issues.domain.households import Household
from services.issues.domain.places import Kind, Place
from shared.contracts.issues.register import (
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)
from shared.database.work import Work


def emit_place(work: Work, place: Place) -> None:
    """Say how a place stands now; a unit's number on the door stays here."""
    if place.closed_at is not None:
        fact: PlaceRegistered | PlaceClosed = PlaceClosed(place=place.id)
    else:
        public = place.kind is not Kind.unit
        fact = PlaceRegistered(
            place=place.id,
            kind=place.kind.value,
            parent=place.parent,
            name=place.name if public else None,
            code=place.code if public else None,
            floor_area_cm2=place.floor_area_cm2,
            zone=place.zone,
        )
    work.emit(fact, sequence=place.version, community=place.community)


def emit_household(work: Work, household: Household) -> None:
    """Say who lives in a unit now, or that the household has ended."""
    if household.ended_at is not None:
        fact: HouseholdRegistered | HouseholdEnded = HouseholdEnded(household=household.id)
    else:
        fact = HouseholdRegistered(household=household.id, unit=household.unit, persons=household.persons)
    work.emit(fact, sequence=household.version, community=household.community)


def emit_grant(work: Work, grant: Grant) -> None:
    """Say that a role is held, or no longer held."""
    kind = RoleGranted if grant.revoked_at is None else RoleRevoked
    fact = kind(grant=grant.id, person=grant.person, role=grant.role, place=grant.place)
    work.emit(fact, sequence=grant.version, community=grant.community)
