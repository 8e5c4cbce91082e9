"""Positions come in at thousands a second, and none is kept longer than a day."""

from collections.abc import Sequence

from services.volunteer.domain.position import KEPT
from services.volunteer.store import positions
from services.volunteer.store.positions import Said
from shared.database.work import Work, Works
from shared.errors import NotFound

AT_ONCE = 1000


async def record_positions(work: Work, said: Sequence[Said]) -> list[Exception | None]:
    """Keeps the newest position of each volunteer; repeats and stragglers change nothing."""
    theirs = await positions.put(work.connection, said)
    return [None if number in theirs else NotFound("no such volunteer") for number in range(len(said))]


async def forget_positions(works: Works) -> int:
    """Forgets what is older than a day."""
    async with works.for_system("schedule") as work:
        return await positions.forget(work.connection, work.now - KEPT, AT_ONCE)
