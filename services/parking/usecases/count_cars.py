"""How full compounds are, as far as their gates allow one to say."""

from datetime import UTC, datetime
from uuid import UUID

from services.parking.domain.occupancy import Knowledge, Occupancy, knowledge
from services.parking.domain.watermark import Watermark
from services.parking.store import limits, occupancy
from services.parking.store.occupancy import Count
from shared.database.work import Work


async def count_cars(work: Work, community: UUID, compound: UUID | None = None) -> list[Occupancy]:
    """Count the cars in one compound, or in all of a community that are not closed."""
    wall = datetime.now(UTC)
    counted = await occupancy.counts(work.connection, community, compound, wall)
    marks = await limits.watermarks(work.connection, [each.compound for each in counted], work.now, wall)
    return [_occupancy(each, marks[each.compound].watermark) for each in counted]


def _occupancy(count: Count, mark: Watermark) -> Occupancy:
    state = knowledge(count.lanes, count.heard, mark.at)
    known = state is not Knowledge.unknown
    return Occupancy(
        compound=count.compound,
        name=count.name,
        state=state,
        cars=count.cars if known else None,
        overstays=count.overstays if known else None,
        spaces=count.spaces,
        as_of=mark.at if known else None,
    )
