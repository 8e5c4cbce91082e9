"""What a consumer has taken in: one row for each event, written in the transaction of its effect."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from shared.database.work import Connection, Works

RETENTION = timedelta(days=21)
"""Longer than the topics', which keep 14 days: what Kafka can still repeat is still known here."""

# In the order of the ids, so that two members at a rebalance wait for each other instead of deadlocking.
_CLAIM = """
WITH new AS (
    INSERT INTO inbox (consumer, event_id)
    SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING event_id
)
SELECT array_agg(event_id) FROM new
"""
_FORGET = """
DELETE FROM inbox WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM inbox WHERE handled_at < now() - $1::interval LIMIT $2))
"""


async def claim(connection: Connection, consumer: str, ids: Sequence[UUID]) -> set[UUID]:
    """Enter events and give those that were not there: only these have not had their effect."""
    if not ids:
        return set()
    return set(await connection.fetchval(_CLAIM, consumer, ids) or ())


async def forget_old(works: Works, retention: timedelta = RETENTION, most: int = 5000) -> int:
    """Delete rows older than the retention (wall time) and say how many; a use case for the schedule."""
    async with works.for_system("inbox") as work:
        status = await work.connection.execute(_FORGET, retention, most)
    return int(status.split()[-1])
