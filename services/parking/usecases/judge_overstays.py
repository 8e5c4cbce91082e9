"""The clock judges what no gate has said: open stays that the watermark has passed."""

from datetime import UTC, datetime
from uuid import UUID

from services.parking.store import compounds, limits, stays
from services.parking.usecases.settle_cars import settle_cars
from shared.database.work import Work, Works

MOST = 500


async def judge_overstays(works: Works) -> int:
    """Judge up to `MOST` stays of each compound that are due; gives how many cars were looked at.

    Compounds that are being changed at this moment are left to the next run.
    """
    async with works.for_system("/linli/parking/judge") as work:
        waiting = await limits.with_due(work.connection, work.now, datetime.now(UTC))
        if not waiting:
            return 0
        free = await compounds.lock_free(work.connection, waiting)
        # Read again: what was read before the lock may be older than the reads that came meanwhile.
        cars = await stays.due(work.connection, await _marks(work, free), MOST)
        if cars:
            await settle_cars(work, cars)
        return len(cars)


async def recheck_cars(works: Works) -> int:
    """Hold cars to limits that have changed: rules, passes, households' vehicles; gives how many.

    Compounds that are being changed at this moment are left to the next run.
    """
    async with works.for_system("/linli/parking/recheck") as work:
        waiting = await limits.with_rechecks(work.connection)
        if not waiting:
            return 0
        free = await compounds.lock_free(work.connection, waiting)
        cars = await limits.take_rechecks(work.connection, free, MOST)
        if cars:
            await settle_cars(work, cars)
        return len(cars)


async def _marks(work: Work, wanted: list[UUID]) -> list[tuple[UUID, datetime]]:
    found = await limits.watermarks(work.connection, wanted, work.now, datetime.now(UTC))
    return [(mark.compound, mark.watermark.at) for mark in found.values() if mark.watermark.at is not None]
