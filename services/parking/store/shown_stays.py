"""Stays as the API shows them: lists, one stay, and how many cars are in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.parking.domain.stays import StayState
from services.parking.store.stays import KnownStay
from shared.database.work import Connection

_COLUMNS = """
id, community_id, compound_id, plate, state, first_device, first_read, begins_at, entered_at, exited_at,
due_at, judge_at, version
"""
_FIND = f"SELECT {_COLUMNS} FROM stays WHERE community_id = $1 AND id = $2"  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM stays
WHERE community_id = $1 AND %s
  AND ($4::text IS NULL OR state = $4)
  AND ($5::timestamptz IS NULL OR (begins_at, id) < ($5, $6::uuid))
ORDER BY begins_at DESC, id DESC LIMIT $7
"""  # noqa: S608
_NEWEST = _LIST % "($2::uuid IS NULL OR compound_id = $2) AND $3::text IS NULL"
# By the index on a car's stays, which every read keeps anyway: once for each of the community's compounds.
_OF_PLATE = (
    _LIST
    % """plate = $3 AND compound_id IN (
    SELECT id FROM compounds WHERE community_id = $1 AND ($2::uuid IS NULL OR id = $2)
)"""
)


async def find(connection: Connection, community: UUID, stay: UUID) -> KnownStay | None:
    """One stay of a community."""
    row = await connection.fetchrow(_FIND, community, stay)
    return None if row is None else _stay(row)


async def list_newest(
    connection: Connection,
    community: UUID,
    *,
    compound: UUID | None,
    plate: str | None,
    state: str | None,
    before: tuple[datetime, UUID] | None,
    most: int,
) -> Sequence[KnownStay]:
    """A community's stays, the latest to begin first; `plate` in its normal form."""
    at, stay = before or (None, None)
    statement = _NEWEST if plate is None else _OF_PLATE
    rows = await connection.fetch(statement, community, compound, plate, state, at, stay, most)
    return [_stay(row) for row in rows]


def _stay(row: "asyncpg.Record") -> KnownStay:
    return KnownStay(row[0], row[1], row[2], row[3], StayState(row[4]), *row[5:])
