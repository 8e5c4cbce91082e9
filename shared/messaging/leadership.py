"""One relay for each database: whoever holds the session's advisory lock, on a connection of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from shared.errors import DATABASE_ERRORS
from shared.messaging import metrics

RELAY_LOCK = 0x6C696E6C_69726C79
"""The key of the advisory lock: "linlirly" in ASCII."""

_SESSION = {
    "application_name": "linli-relay",
    # A lost DELETE costs repeats, which are normal; waiting for the disk would cost every batch.
    "synchronous_commit": "off",
    # Rows are read by their id, however little the planner knows of a table that fills and empties;
    "enable_bitmapscan": "off",
    # with 5,000 in hand a read takes 8 instead of 60 ms once a plan knows their ids, and hashes them.
    "plan_cache_mode": "force_custom_plan",
    # The lock of a machine that vanished is free after 25 s instead of hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


@asynccontextmanager
async def leading(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect directly (no pooler may stand between), wait for the lock, and hold both.

    Raises:
        DATABASE_ERRORS: the database is away.
    """
    connection = await asyncpg.connect(dsn, timeout=5, command_timeout=15, server_settings=_SESSION)
    try:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):  # noqa: ASYNC110
            await asyncio.sleep(1)
        metrics.RELAY_LEADS.set(1)
        yield connection
    finally:
        metrics.RELAY_LEADS.set(0)
        with suppress(*DATABASE_ERRORS):
            await connection.close(timeout=2)
        if not connection.is_closed():
            connection.terminate()
