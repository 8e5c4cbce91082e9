"""Measure what waits to be sent, so that a lane which no longer moves is seen before people miss it."""

from datetime import UTC, datetime

from prometheus_client import Gauge

from services.notify.domain.contacts import Channel
from services.notify.store import sending
from shared.database.work import Works

_WAITING = Gauge("linli_messages_waiting", "Messages planned and not settled", ["channel"])
_HELD = Gauge("linli_messages_held", "Messages that wait for the end of quiet hours")
_LATE = Gauge("linli_messages_late_seconds", "How long the oldest due message has been due", ["channel"])


async def watch_queue(works: Works) -> int:
    """Set the gauges of what is held and of every lane; there is never more to do."""
    async with works.for_system("/linli/notify/watch") as work:
        waiting = await sending.waiting(work.connection)
        _HELD.set(await sending.held(work.connection))
    now = datetime.now(UTC)
    for channel in Channel:
        count, oldest = waiting.get(channel, (0, now))
        _WAITING.labels(channel).set(count)
        _LATE.labels(channel).set(max(0.0, (now - oldest).total_seconds()))
    return 0
