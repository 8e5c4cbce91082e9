"""Volunteers."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.volunteer.domain.volunteer import Consent, Kind, State, Volunteer
from shared.database.work import Connection

_COLUMNS = """
id, community_id, person, kind, state, consent_text, consented_at, registered_at, changed_at, version,
home_place_id
"""
_ADD = f"""
INSERT INTO volunteers ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (community_id, person, kind) WHERE state <> 'left' DO NOTHING RETURNING id
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM volunteers WHERE community_id = $1 AND id = $2"  # noqa: S608
_HOLD = _FIND + " FOR SHARE"
_CHANGE = """
UPDATE volunteers SET state = $3, changed_at = $4, version = $5 WHERE community_id = $1 AND id = $2
"""
# Ids are UUIDv7: their order is that of registration, and the newest come first.
_LIST = f"""
SELECT {_COLUMNS} FROM volunteers
WHERE community_id = $1
  AND ($2::text IS NULL OR kind = $2)
  AND ($3::text IS NULL OR state = $3)
  AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""  # noqa: S608


async def add(connection: Connection, volunteer: Volunteer) -> bool:
    """Stores a new entry; False when the person helps in this capacity already."""
    added = await connection.fetchval(
        _ADD,
        volunteer.id,
        volunteer.community,
        volunteer.person,
        volunteer.kind.value,
        volunteer.state.value,
        volunteer.consent.text,
        volunteer.consent.given_at,
        volunteer.registered_at,
        volunteer.changed_at,
        volunteer.version,
        volunteer.home_place,
    )
    return added is not None


async def find(connection: Connection, community: UUID, volunteer: UUID) -> Volunteer | None:
    """One volunteer of a community."""
    row = await connection.fetchrow(_FIND, community, volunteer)
    return None if row is None else _volunteer(row)


async def find_unchanging(connection: Connection, community: UUID, volunteer: UUID) -> Volunteer | None:
    """One volunteer, whose state nobody changes until the transaction ends."""
    row = await connection.fetchrow(_HOLD, community, volunteer)
    return None if row is None else _volunteer(row)


async def find_to_change(connection: Connection, community: UUID, volunteer: UUID) -> Volunteer | None:
    """The same, and nobody else changes it until the transaction ends."""
    # Not FOR UPDATE, which would also stop whoever gives them a place, and that one holds a task's row.
    row = await connection.fetchrow(f"{_FIND} FOR NO KEY UPDATE", community, volunteer)
    return None if row is None else _volunteer(row)


async def change_state(connection: Connection, volunteer: Volunteer) -> None:
    """Stores a volunteer's new state and version; the row must be held by `find_to_change`."""
    await connection.execute(
        _CHANGE,
        volunteer.community,
        volunteer.id,
        volunteer.state.value,
        volunteer.changed_at,
        volunteer.version,
    )


async def list_newest(
    connection: Connection,
    community: UUID,
    *,
    kind: Kind | None,
    state: State | None,
    before: UUID | None,
    most: int,
) -> Sequence[Volunteer]:
    """A community's volunteers behind the one called `before`, newest first."""
    rows = await connection.fetch(_LIST, community, kind and kind.value, state and state.value, before, most)
    return [_volunteer(row) for row in rows]


def _volunteer(row: "asyncpg.Record") -> Volunteer:
    return Volunteer(
        id=row["id"],
        community=row["community_id"],
        person=row["person"],
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        consent=Consent(row["consent_text"], row["consented_at"]),
        registered_at=row["registered_at"],
        changed_at=row["changed_at"],
        version=row["version"],
        home_place=row["home_place_id"],
    )
