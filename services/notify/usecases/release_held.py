"""Let go what waited for the end of somebody's quiet hours."""

from datetime import UTC, datetime

from services.notify.store import messages
from shared.database.work import Works

MOST = 500


async def release_held(works: Works) -> int:
    """Make due what has been held long enough by business time; answers how many, at most `MOST`."""
    async with works.for_system("/linli/notify/release") as work:
        return await messages.release(work.connection, work.now, datetime.now(UTC), MOST)
