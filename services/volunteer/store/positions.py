"""Each volunteer's last position; older ones are not kept."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.volunteer.domain.position import Point, Position
from services.volunteer.store.cells import cell_of
from shared.database.work import Connection

# The batch runs under the system role, so it asserts whose entry it is, and that they still help.
_PUT = """
WITH said AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::float8[], $6::timestamptz[],
                         $7::bigint[])
        WITH ORDINALITY AS said (volunteer, community, person, latitude, longitude, at, cell, number)
), known AS (
    SELECT said.*, EXISTS (SELECT FROM duties WHERE volunteer_id = said.volunteer AND state = 'on') AS on_call
    FROM said JOIN volunteers ON volunteers.id = said.volunteer
        AND volunteers.community_id = said.community AND volunteers.person = said.person
        AND volunteers.state <> 'left'
), put AS (
    INSERT INTO positions AS last (volunteer_id, community_id, latitude, longitude, at, cell, on_call)
    SELECT DISTINCT ON (volunteer) volunteer, community, latitude, longitude, at, cell, on_call
    FROM known ORDER BY volunteer, at DESC
    ON CONFLICT (volunteer_id) DO UPDATE
    SET latitude = excluded.latitude, longitude = excluded.longitude, at = excluded.at, cell = excluded.cell,
        on_call = excluded.on_call
    WHERE last.at < excluded.at
)
SELECT number FROM known
"""
_FIND = "SELECT latitude, longitude, at FROM positions WHERE community_id = $1 AND volunteer_id = $2"
_FORGET = """
DELETE FROM positions WHERE volunteer_id IN (
    SELECT volunteer_id FROM positions WHERE at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""

Said = tuple[UUID, UUID, str, Position]
"""Volunteer, community, person, and where they say they are."""


async def put(connection: Connection, said: Sequence[Said]) -> set[int]:
    """Keeps the newest position of each; gives the numbers, from 0, of those whose entry is theirs."""
    rows = await connection.fetch(
        _PUT,
        [volunteer for volunteer, _, _, _ in said],
        [community for _, community, _, _ in said],
        [person for _, _, person, _ in said],
        [position.point.latitude for *_, position in said],
        [position.point.longitude for *_, position in said],
        [position.at for *_, position in said],
        [cell_of(position.point) for *_, position in said],
    )
    return {row["number"] - 1 for row in rows}


async def last(connection: Connection, community: UUID, volunteer: UUID) -> Position | None:
    """Where a volunteer last was."""
    row = await connection.fetchrow(_FIND, community, volunteer)
    return None if row is None else Position(Point(row["latitude"], row["longitude"]), row["at"])


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Forgets positions older than that; gives how many."""
    status: str = await connection.execute(_FORGET, before, most)
    return int(status.rsplit(" ", 1)[-1])
