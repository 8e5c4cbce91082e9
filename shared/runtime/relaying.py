"""The relay under the supervisor: when the process stops it takes along what the last requests stored."""

import asyncio

from shared.database.pool import Database
from shared.errors import DATABASE_ERRORS
from shared.messaging.relay import Relay

LAST_ROUND_SECONDS = 1.0


async def relaying(relay: Relay, database: Database) -> None:
    """Runs the relay until cancelled, then gives it a bounded time to empty the outbox.

    With the broker away nothing is lost: the rows stay where they are for the next process.
    """
    running = asyncio.create_task(relay.run())
    try:
        await asyncio.wait({running})
        running.result()
    finally:
        if not running.done():
            await _last_round(relay, database)
            running.cancel()
            await asyncio.wait({running})


async def _last_round(relay: Relay, database: Database) -> None:
    try:
        async with asyncio.timeout(LAST_ROUND_SECONDS):
            while await database.system.fetchval("SELECT EXISTS (SELECT FROM outbox)"):
                relay.wake()
                await asyncio.sleep(0.05)
    except DATABASE_ERRORS:
        return
