"""The relay's side of the outbox: read what is not published, delete what is."""

import time
from collections.abc import Collection, Sequence

import asyncpg

from shared.messaging import metrics
from shared.messaging.low_water import LowWater

READ_ROWS = 1_000
READ_BYTES = 8_000_000
# Longer than any writing transaction: the system role ends its own after 60 s, requests theirs after 30 s.
TRAIL_SECONDS = 75.0
FULL_READ_SECONDS = 60.0
COUNT_SECONDS = 10.0
_NO_LIMIT = 2**63 - 1

_READ = """
SELECT id, topic, key, records, (SELECT max(id) FROM outbox) AS newest FROM (
    SELECT id, topic, key, records,
           sum(octet_length(records)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS bytes
    FROM outbox
    WHERE id > $1 AND id <= $2 AND id <> ALL ($3::bigint[]) AND topic <> ALL ($4::text[])
    ORDER BY id LIMIT $5
) AS row WHERE bytes - octet_length(records) < $6 ORDER BY id
"""
_DELETE = "DELETE FROM outbox WHERE id = ANY ($1::bigint[])"
_COUNT = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(written_at)), 0)::float8
FROM (SELECT written_at FROM outbox ORDER BY id LIMIT 100000) AS waiting
"""


class OutboxRows:
    """Reads in passes; each sees all that is unpublished and committed when it begins.

    A pass begins at a mark that trails, or at the very beginning now and then. What is too much for one
    read goes on behind it, but never beyond the newest row that the first read could have seen: a later one
    may belong to a key whose earlier row, of a slower transaction, lies before the place reached.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._water = LowWater(TRAIL_SECONDS)
        self._full_read_at = -FULL_READ_SECONDS
        self._counted_at = -COUNT_SECONDS
        self._began = 0.0
        self._reached: int | None = None
        self._until = _NO_LIMIT

    @property
    def in_pass(self) -> bool:
        """Tell whether a pass has more to read."""
        return self._reached is not None

    def restart(self) -> None:
        """Give up the pass under way: rows that it went past are to be read again."""
        self._reached = None

    async def read(self, kept: Collection[int], absent: Collection[str]) -> Sequence[asyncpg.Record]:
        """Read the next rows, but none that are `kept` in hand and none for `absent` topics."""
        if self._reached is None:
            self._began, self._reached, self._until = time.monotonic(), self._water.mark, _NO_LIMIT
            if self._began - self._full_read_at >= FULL_READ_SECONDS:
                self._full_read_at, self._reached = self._began, 0
        ahead = [number for number in kept if number > self._reached]
        rows = await self._connection.fetch(
            _READ, self._reached, self._until, ahead, list(absent), READ_ROWS, READ_BYTES
        )
        if len(rows) == READ_ROWS or sum(len(row["records"]) for row in rows) >= READ_BYTES:
            self._until = min(self._until, rows[0]["newest"])
            self._reached = rows[-1]["id"]
            return rows
        last = rows[-1]["id"] if rows else self._reached
        self._reached = None
        if not absent:  # else rows that were left out lie somewhere below
            oldest = min((*kept, rows[0]["id"]) if rows else kept, default=None)
            self._water.observe(self._began, last, oldest_kept=oldest)
        return rows

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
