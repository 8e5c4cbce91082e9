"""A household's vehicle: which of its vehicles it is decides what it pays."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.parking.domain.plate import Plate


class UnknownHouseholdError(LookupError):
    """The register of this community has no such household."""


class EndedHouseholdError(ValueError):
    """The household has moved out."""


class PlateTakenError(ValueError):
    """The plate stands for another vehicle of this community."""


class EndedVehicleError(ValueError):
    """The vehicle is its household's no more."""


class WrongTimeError(ValueError):
    """What was is kept: a plate or a vehicle cannot end before it began."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle that a household registered; `index` counts from 1, the times are business time."""

    id: UUID
    community: UUID
    household: UUID
    plate: Plate
    index: int
    valid_from: datetime
    registered_at: datetime
    version: int = 1
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Had:
    """A plate that a vehicle of some household has or had, and from when until when."""

    vehicle: UUID
    household: UUID
    plate: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Household:
    """What parking knows of a household: that it is there."""

    id: UUID
    ended: bool


def may_register(household: Household | None) -> Household:
    """Refuses a household that is not there; raises UnknownHouseholdError, EndedHouseholdError."""
    if household is None:
        raise UnknownHouseholdError("the register has no such household in this community")
    if household.ended:
        raise EndedHouseholdError("the household has moved out")
    return household


def next_index(taken: Collection[int]) -> int:
    """The lowest index a household has free; no vehicle ever changes its index because another one goes."""
    return next(index for index in range(1, len(taken) + 2) if index not in taken)


def may_have(plate: str, vehicle: UUID | None, since: datetime, had: Iterable[Had]) -> None:
    """Refuse a plate that stands for another vehicle then or later; raises PlateTakenError."""
    for other in had:
        if other.plate == plate and other.vehicle != vehicle and (other.until is None or other.until > since):
            raise PlateTakenError("this plate is registered in this community already")


def ended(vehicle: Vehicle, at: datetime, since: datetime) -> Vehicle:
    """End a vehicle that has had its plate `since` then; raises EndedVehicleError, WrongTimeError."""
    _may_change(vehicle, at, since)
    return replace(vehicle, valid_until=at, version=vehicle.version + 1)


def left_behind(vehicle: Vehicle, now: datetime) -> Vehicle:
    """End a vehicle whose household has gone, whatever was to become of it later."""
    return replace(vehicle, valid_until=max(now, vehicle.valid_from), version=vehicle.version + 1)


def replated(vehicle: Vehicle, plate: Plate, at: datetime, since: datetime) -> Vehicle:
    """Give a vehicle another plate; its index stays. Raises EndedVehicleError, WrongTimeError."""
    _may_change(vehicle, at, since)
    if plate.text == vehicle.plate.text:
        raise WrongTimeError("it has this plate already")
    return replace(vehicle, plate=plate, version=vehicle.version + 1)


def _may_change(vehicle: Vehicle, at: datetime, since: datetime) -> None:
    if vehicle.valid_until is not None:
        raise EndedVehicleError("the vehicle is its household's no more")
    if at < since:
        raise WrongTimeError("that is before it had the plate it has")
