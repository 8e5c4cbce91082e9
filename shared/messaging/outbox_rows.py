"""The relay's side of the outbox: read what is not published, delete what is."""

import time
from collections.abc import Collection, Sequence

import asyncpg

from shared.messaging import metrics
from shared.messaging.low_water import LowWater

READ_ROWS = 2_000
READ_BYTES = 8_000_000
# Longer than any writing transaction: the system role ends its own after 60 s, requests theirs after 30 s.
TRAIL_SECONDS = 75.0
FULL_READ_SECONDS = 60.0
COUNT_SECONDS = 10.0

_READ = """
SELECT id, topic, key, headers, value FROM (
    SELECT id, topic, key, headers, value,
           sum(octet_length(value)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS bytes
    FROM outbox
    WHERE id > $1 AND id <> ALL ($2::bigint[]) AND topic <> ALL ($3::text[])
    ORDER BY id LIMIT $4
) AS row WHERE bytes - octet_length(value) < $5 ORDER BY id
"""
_DELETE = "DELETE FROM outbox WHERE id = ANY ($1::bigint[])"
_COUNT = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(written_at)), 0)::float8
FROM (SELECT written_at FROM outbox ORDER BY id LIMIT 100000) AS waiting
"""


class OutboxRows:
    """Reads all that is unpublished from a mark that trails, and from the very beginning now and then."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._water = LowWater(TRAIL_SECONDS)
        self._full_read_at = 0.0
        self._counted_at = 0.0

    async def read(
        self, kept: Collection[int], absent: Collection[str]
    ) -> tuple[Sequence[asyncpg.Record], bool]:
        """Read rows in their order, without those `kept` in hand or for `absent` topics, and whether all.

        Not all come at once when their number or size is large.
        """
        began = time.monotonic()
        mark = self._water.mark
        if began - self._full_read_at > FULL_READ_SECONDS:
            self._full_read_at, mark = began, 0
        rows = await self._connection.fetch(_READ, mark, list(kept), list(absent), READ_ROWS, READ_BYTES)
        complete = len(rows) < READ_ROWS and sum(len(row["value"]) for row in rows) < READ_BYTES
        if not absent:  # else rows that the read left out lie somewhere below
            oldest = min(kept, default=None)
            if rows:
                oldest = min(oldest or rows[0]["id"], rows[0]["id"])
            self._water.observe(
                began, rows[-1]["id"] if rows else None, complete=complete, oldest_kept=oldest
            )
        return rows, complete

    async def delete(self, ids: Sequence[int]) -> None:
        """Forget what the broker has acknowledged."""
        await self._connection.execute(_DELETE, ids)

    async def count(self) -> None:
        """Measure what waits, at most every ten seconds."""
        now = time.monotonic()
        if now - self._counted_at < COUNT_SECONDS:
            return
        self._counted_at = now
        for waiting, age in await self._connection.fetch(_COUNT):
            metrics.WAITING.set(waiting)
            metrics.OLDEST.set(age)
