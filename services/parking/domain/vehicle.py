"""A household's vehicle: which of its vehicles it is decides what it pays."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.parking.domain.plate import Plate


class UnknownHouseholdError(LookupError):
    """The register of this community has no such household."""


class EndedHouseholdError(ValueError):
    """The household has moved out."""


class PlateTakenError(ValueError):
    """The plate stands for another vehicle of this community."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle that a household registered; `index` counts from 1, `valid_from` is business time."""

    id: UUID
    community: UUID
    household: UUID
    plate: Plate
    index: int
    valid_from: datetime
    registered_at: datetime
    version: int = 1


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
