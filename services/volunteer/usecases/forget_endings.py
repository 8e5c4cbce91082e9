"""What has ended elsewhere is forgotten once nothing older can be told of it any more."""

from datetime import timedelta

from services.volunteer.store import endings
from shared.database.work import Works

KEPT = timedelta(days=92)
AT_ONCE = 1000


async def forget_endings(works: Works) -> int:
    """Forgets what is older than any task's window."""
    async with works.for_system("schedule") as work:
        return await endings.forget(work.connection, work.now - KEPT, AT_ONCE)
