"""Compounds: what the register says of them, and how parking is run there."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.database.work import Connection

_COLUMNS = "id, community_id, name, closed, access, spaces, lateness_seconds, silent_seconds, version"
_FIND = f"SELECT {_COLUMNS} FROM compounds WHERE community_id = $1 AND id = $2"  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM compounds WHERE community_id = $1 AND ($2::uuid IS NULL OR id > $2)
ORDER BY id LIMIT $3
"""  # noqa: S608
_CHANGE = f"""
UPDATE compounds SET access = $4, spaces = $5, lateness_seconds = $6, silent_seconds = $7,
    version = version + 1
WHERE community_id = $1 AND id = $2 AND version = $3 RETURNING {_COLUMNS}
"""  # noqa: S608
_PROJECT = """
INSERT INTO compounds AS known (id, community_id, name, closed, sequence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::boolean[], $5::bigint[])
ON CONFLICT (id) DO UPDATE
SET name = coalesce(excluded.name, known.name), closed = excluded.closed, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence AND known.community_id = excluded.community_id
"""
_TELL_TIME = """
INSERT INTO communities AS known (id, community_id, zone, sequence)
SELECT id, id, zone, sequence FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS row (id, zone, sequence)
ON CONFLICT (id) DO UPDATE SET zone = excluded.zone, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
"""
_CLOSE = """
UPDATE compounds SET closed = true, sequence = closing.sequence
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS closing (id, community_id, sequence)
WHERE compounds.id = closing.id AND compounds.community_id = closing.community_id
  AND compounds.sequence < closing.sequence
"""
# Whoever changes stays takes their compounds first, in this order: then nobody waits in a ring.
_LOCK = "SELECT id FROM compounds WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_LOCK_FREE = f"{_LOCK} SKIP LOCKED"


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound as parking sees it; `lateness_seconds` is how long after its time a read may come."""

    id: UUID
    community: UUID
    name: str | None
    closed: bool
    access: str
    spaces: int | None
    lateness_seconds: int
    silent_seconds: int
    version: int


@dataclass(frozen=True, slots=True)
class CompoundState:
    """One compound as an event of the register states it."""

    id: UUID
    community: UUID
    name: str | None
    sequence: int


async def find(connection: Connection, community: UUID, compound: UUID) -> Compound | None:
    """One compound of a community."""
    row = await connection.fetchrow(_FIND, community, compound)
    return None if row is None else _compound(row)


async def list_all(
    connection: Connection, community: UUID, *, after: UUID | None, most: int
) -> Sequence[Compound]:
    """A community's compounds behind the one called `after`."""
    return [_compound(row) for row in await connection.fetch(_LIST, community, after, most)]


async def change(connection: Connection, wanted: Compound) -> Compound | None:
    """Change how parking is run there; None when `version` is not the current one."""
    row = await connection.fetchrow(
        _CHANGE,
        wanted.community,
        wanted.id,
        wanted.version,
        wanted.access,
        wanted.spaces,
        wanted.lateness_seconds,
        wanted.silent_seconds,
    )
    return None if row is None else _compound(row)


async def project(connection: Connection, states: Sequence[CompoundState]) -> None:
    """Bring the projection up to these states; each compound at most once, older ones change nothing."""
    await connection.execute(
        _PROJECT,
        [state.id for state in states],
        [state.community for state in states],
        [state.name for state in states],
        [False] * len(states),
        [state.sequence for state in states],
    )


async def tell_time(connection: Connection, zones: Sequence[tuple[UUID, str, int]]) -> None:
    """Note by which clock communities live: id, IANA name and sequence of each."""
    await connection.execute(
        _TELL_TIME, [each[0] for each in zones], [each[1] for each in zones], [each[2] for each in zones]
    )


async def close(connection: Connection, states: Sequence[CompoundState]) -> None:
    """Mark compounds as closed; places that are no compounds are not here, and stay so."""
    await connection.execute(
        _CLOSE,
        [state.id for state in states],
        [state.community for state in states],
        [state.sequence for state in states],
    )


async def lock(connection: Connection, compounds: Sequence[UUID]) -> None:
    """Let nobody else change these compounds' stays until this transaction ends."""
    await connection.execute(_LOCK, compounds)


async def lock_free(connection: Connection, compounds: Sequence[UUID]) -> list[UUID]:
    """The same for those that nobody else is changing at this moment."""
    return [row["id"] for row in await connection.fetch(_LOCK_FREE, compounds)]


def _compound(row: "asyncpg.Record") -> Compound:
    return Compound(
        id=row["id"],
        community=row["community_id"],
        name=row["name"],
        closed=row["closed"],
        access=row["access"],
        spaces=row["spaces"],
        lateness_seconds=row["lateness_seconds"],
        silent_seconds=row["silent_seconds"],
        version=row["version"],
    )
