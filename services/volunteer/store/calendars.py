"""Claimed duties as a calendar needs them, and the feeds by which calendars read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.volunteer.domain.volunteer import Volunteer
from shared.database.work import Connection

_DUTIES = """
SELECT claims.id, tasks.kind, claims.starts_at, claims.ends_at, claims.claimed_at
FROM claims JOIN tasks ON tasks.id = claims.task_id
WHERE claims.community_id = $1 AND claims.person = $2 AND claims.volunteer_id = $3 AND claims.ends_at >= $4
  AND claims.state IN ('claimed', 'checked-in', 'reported', 'confirmed')
ORDER BY claims.starts_at DESC, claims.id LIMIT $5
"""
_OPEN = """
INSERT INTO calendar_feeds (volunteer_id, community_id, digest, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (volunteer_id) DO UPDATE SET digest = excluded.digest, made_at = excluded.made_at
"""
_CLOSE = "DELETE FROM calendar_feeds WHERE community_id = $1 AND volunteer_id = $2 RETURNING volunteer_id"
_FIND = "SELECT community_id, volunteer_id FROM calendar_feeds WHERE digest = $1"


@dataclass(frozen=True, slots=True)
class PromisedDuty:
    """One promise: what kind of task, and when; neither for whom nor where."""

    id: UUID
    kind: str
    starts_at: datetime
    ends_at: datetime
    claimed_at: datetime


async def duties(
    connection: Connection, volunteer: Volunteer, since: datetime, most: int
) -> Sequence[PromisedDuty]:
    """What a volunteer has promised that ends after then, the latest first."""
    values = (volunteer.community, volunteer.person, volunteer.id, since, most)
    return [PromisedDuty(**row) for row in await connection.fetch(_DUTIES, *values)]


async def open_feed(connection: Connection, volunteer: Volunteer, digest: bytes, now: datetime) -> None:
    """Opens a volunteer's feed; the one that was open before is closed by that."""
    await connection.execute(_OPEN, volunteer.id, volunteer.community, digest, now)


async def close_feed(connection: Connection, community: UUID, volunteer: UUID) -> bool:
    """Closes a volunteer's feed; False when none was open."""
    return await connection.fetchval(_CLOSE, community, volunteer) is not None


async def feed_of(connection: Connection, digest: bytes) -> tuple[UUID, UUID] | None:
    """The community and volunteer of a feed."""
    row = await connection.fetchrow(_FIND, digest)
    return None if row is None else (row["community_id"], row["volunteer_id"])
