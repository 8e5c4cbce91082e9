"""What other services have ended, or said last, for as long as they might still say something older of it."""

from datetime import datetime
from uuid import UUID

from shared.database.work import Connection

_NOTE = "INSERT INTO endings (thing_id, community_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_ENDED = "SELECT EXISTS (SELECT FROM endings WHERE thing_id = $1 AND community_id = $2)"
_HEAR = """
INSERT INTO endings AS known (thing_id, community_id, at, sequence) VALUES ($1, $2, $3, $4)
ON CONFLICT (thing_id) DO UPDATE SET at = excluded.at, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence AND known.community_id = excluded.community_id
RETURNING thing_id
"""
_FORGET = """
DELETE FROM endings WHERE thing_id IN (
    SELECT thing_id FROM endings WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""


async def note(connection: Connection, community: UUID, thing: UUID, now: datetime) -> None:
    """Remembers that something is over."""
    await connection.execute(_NOTE, thing, community, now)


async def ended(connection: Connection, community: UUID, thing: UUID) -> bool:
    """Whether it is over."""
    found: bool = await connection.fetchval(_ENDED, thing, community)
    return found


async def is_news(connection: Connection, community: UUID, thing: UUID, sequence: int, now: datetime) -> bool:
    """Whether nothing as new was heard of something before; remembers that it is now."""
    return await connection.fetchval(_HEAR, thing, community, now, sequence) is not None


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Forgets what ended, or was last heard of, before then; gives how many."""
    status: str = await connection.execute(_FORGET, before, most)
    return int(status.rsplit(" ", 1)[-1])
