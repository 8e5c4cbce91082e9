"""Places as rows, with floor areas as flats of their time have them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from deploy.demo.town.layout import COMPOUNDS, Compound

# Square metres of a flat: what most have, and how far they differ, by the decade it was built in.
SIZES: Final = {1980: (58.0, 9.0), 1990: (74.0, 12.0), 2000: (94.0, 15.0)}
SMALLEST, LARGEST = 38.0, 145.0


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One row of the places file."""

    kind: str
    code: str
    parent: str
    name: str
    floor_area_m2: Decimal | None = None


def place_rows(random: Random) -> Iterator[PlaceRow]:
    """All compounds, buildings and units of the community, parents first."""
    for compound in COMPOUNDS:
        yield PlaceRow("compound", compound.code, "", compound.name)
        for building in range(1, compound.buildings + 1):
            yield PlaceRow("building", compound.building_code(building), compound.code, f"{building}幢")
            yield from _units(compound, building, random)


def _units(compound: Compound, building: int, random: Random) -> Iterator[PlaceRow]:
    areas: dict[tuple[int, int], Decimal] = {}
    usual, spread = SIZES[compound.built // 10 * 10]
    for code, stack in compound.unit_codes(building):
        if stack not in areas:
            area = min(max(random.gauss(usual, spread), SMALLEST), LARGEST)
            areas[stack] = Decimal(f"{area:.2f}")
        yield PlaceRow("unit", code, compound.building_code(building), "", areas[stack])
