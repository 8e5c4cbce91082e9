"""Passes of cars, as they are made and shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.work import Connection

_COLUMNS = "id, community_id, compound_id, plate, contact, valid_from, valid_until, made_by, kind, version"
_ADD = f"INSERT INTO passes ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM passes WHERE community_id = $1 AND id = $2"  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM passes
WHERE community_id = $1 AND ($2::uuid IS NULL OR compound_id = $2) AND ($3::text IS NULL OR plate = $3)
  AND ($4::uuid IS NULL OR id < $4) AND ($6::text IS NULL OR kind = $6)
ORDER BY id DESC LIMIT $5
"""  # noqa: S608
_END = f"""
UPDATE passes SET valid_until = greatest(valid_from, $3::timestamptz), version = version + 1
WHERE community_id = $1 AND id = $2 AND (valid_until IS NULL OR valid_until > $3) RETURNING {_COLUMNS}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Pass:
    """A permission for one plate in one compound; `contact` is whom to tell of the car."""

    id: UUID
    community: UUID
    compound: UUID
    plate: str
    contact: str | None
    valid_from: datetime
    valid_until: datetime | None
    made_by: str
    kind: str = "visitor"
    version: int = 1


async def add(connection: Connection, made: Pass) -> None:
    """Store a new pass."""
    await connection.execute(
        _ADD,
        made.id,
        made.community,
        made.compound,
        made.plate,
        made.contact,
        made.valid_from,
        made.valid_until,
        made.made_by,
        made.kind,
        made.version,
    )


async def find(connection: Connection, community: UUID, wanted: UUID) -> Pass | None:
    """One pass of a community."""
    row = await connection.fetchrow(_FIND, community, wanted)
    return None if row is None else Pass(*row)


async def list_newest(
    connection: Connection,
    community: UUID,
    *,
    compound: UUID | None,
    plate: str | None,
    kind: str | None,
    before: UUID | None,
    most: int,
) -> Sequence[Pass]:
    """A community's passes behind the one called `before`, newest first; `plate` in its normal form."""
    rows = await connection.fetch(_LIST, community, compound, plate, before, most, kind)
    return [Pass(*row) for row in rows]


async def end(connection: Connection, community: UUID, wanted: UUID, now: datetime) -> Pass | None:
    """Let a pass end now; None when it is not there or has ended."""
    row = await connection.fetchrow(_END, community, wanted, now)
    return None if row is None else Pass(*row)
