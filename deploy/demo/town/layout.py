"""The compounds as they are built; every name is invented."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

COMMUNITY_CODE: Final = "CW"
COMMUNITY_NAME: Final = "澄湾社区"
ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound of like buildings: entrances (单元), storeys, doors on each landing.

    `shared_doors` are units that nobody lives in: a residents' hall, an office. `built` dates its flats.
    """

    code: str
    name: str
    built: int
    buildings: int
    entrances: int
    storeys: int
    doors: int
    shared_doors: frozenset[str] = frozenset()

    def unit_codes(self, building: int) -> Iterator[tuple[str, tuple[int, int]]]:
        """Each unit of a building with its stack: flats above each other are of one size."""
        for entrance in range(1, self.entrances + 1):
            for storey in range(1, self.storeys + 1):
                for door in range(1, self.doors + 1):
                    yield f"{self.building_code(building)}-{entrance}-{storey}{door:02}", (entrance, door)

    def building_code(self, building: int) -> str:
        """Buildings are numbered from 1."""
        return f"{self.code}-{building:02}"


# 合苑小区 is open on all sides: no wall, no gate, 23 walk-ups of the nineties, 828 doors and 827 households.
COMPOUNDS: Final = (
    Compound("HY", "合苑小区", 1996, 23, 3, 6, 2, frozenset({"HY-12-1-101"})),
    Compound("YX", "映月新村", 1988, 10, 2, 6, 2),
    Compound("DL", "东篱里", 1993, 8, 2, 6, 2),
    Compound("YG", "渔歌坊", 2004, 6, 2, 8, 2),
    Compound("SF", "松风小区", 1999, 12, 2, 6, 2),
)
HOME: Final = COMPOUNDS[0]
