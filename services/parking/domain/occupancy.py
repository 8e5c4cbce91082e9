"""How many cars are in a compound, and whether its gates allow one to say so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Knowledge(StrEnum):
    """`provisional`: a gate is silent; `unknown`: all are, none is there, or one never said a word."""

    known = "known"
    provisional = "provisional"
    unknown = "unknown"


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What may be said of a compound; `cars`, `overstays` and `as_of` are None while unknown."""

    compound: UUID
    name: str | None
    state: Knowledge
    cars: int | None
    overstays: int | None
    spaces: int | None
    as_of: datetime | None


def knowledge(lanes: int, heard: int, watermark: datetime | None) -> Knowledge:
    """Say how well a count is known, by the gates in service and those not silent."""
    if heard == 0 or watermark is None:
        return Knowledge.unknown
    return Knowledge.provisional if heard < lanes else Knowledge.known
