"""What other services have ended, for as long as they might still say something older of it."""

from datetime import datetime
from uuid import UUID

from shared.database.work import Connection

_NOTE = "INSERT INTO endings (thing_id, community_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_ENDED = "SELECT EXISTS (SELECT FROM endings WHERE thing_id = $1 AND community_id = $2)"
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


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Forgets what ended before then; gives how many."""
    status: str = await connection.execute(_FORGET, before, most)
    return int(status.rsplit(" ", 1)[-1])
