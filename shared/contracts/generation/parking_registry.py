"""Examples of what changes in parking's registry: a new plate, a car that is gone, another rule."""

from collections.abc import Iterator
from typing import Any

from shared.contracts.generation.neighbourhood import COMPOUND, HOUSEHOLD, MORNING, example, made_id
from shared.contracts.generation.record import Example
from shared.contracts.parking.rules import RulesChanged
from shared.contracts.parking.vehicle import VehicleEnded, VehiclePlateChanged


def registry_changes() -> Iterator[Example]:
    """A household's second car over its life, and a compound's rules."""
    car: dict[str, Any] = {"vehicle": made_id("vehicle"), "household": HOUSEHOLD, "index": 2}
    replated = VehiclePlateChanged(masked_plate="浙L·***45F", valid_from=MORNING, **car)
    ended = VehicleEnded(masked_plate="浙L·***45F", valid_until=MORNING, **car)
    limited = RulesChanged(place=COMPOUND, version=2, effective_from=MORNING, free_minutes=120)
    opened = RulesChanged(place=COMPOUND, version=3, effective_from=MORNING)
    yield example("It has an electric car's plate now", replated, sequence=2)
    yield example("It was sold", ended, sequence=3)
    yield example("Two hours are free from today on", limited, sequence=2)
    yield example("No limit any more", opened, sequence=3)
