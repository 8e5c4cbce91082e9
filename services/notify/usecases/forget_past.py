"""Forget what can no longer matter: withdrawals of events that cannot come again, and duty that is over."""

from datetime import UTC, datetime

from services.notify.store import duties, withdrawals
from shared.database.work import Works
from shared.messaging.inbox import RETENTION

MOST = 5000


async def forget_past(works: Works) -> int:
    """Delete a part of it, if there is any; answers how much."""
    async with works.for_system("/linli/notify/forget") as work:
        gone = await withdrawals.forget(work.connection, datetime.now(UTC) - RETENTION, MOST)
        return gone + await duties.forget(work.connection, work.now - RETENTION, MOST)
