"""Zones of compounds: bays for everybody, quiet corners, fire lanes and the like."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.database.work import Connection

_COLUMNS = "compound_id, code, community_id, kind, name, spaces, closed, version"
_ADD = f"""
INSERT INTO zones ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
ON CONFLICT (compound_id, code) DO NOTHING RETURNING {_COLUMNS}
"""  # noqa: S608
_CHANGE = f"""
UPDATE zones SET kind = $4, name = $5, spaces = $6, closed = $7, version = version + 1
WHERE compound_id = $1 AND code = $2 AND community_id = $3 AND version = $8 RETURNING {_COLUMNS}
"""  # noqa: S608
_OF = f"SELECT {_COLUMNS} FROM zones WHERE community_id = $1 AND compound_id = $2 ORDER BY code"  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM zones WHERE community_id = $1 AND compound_id = $2 AND code = $3"  # noqa: S608
_MISSING = """
SELECT compound_id, code FROM unnest($1::uuid[], $2::text[]) AS named (compound_id, code)
EXCEPT SELECT compound_id, code FROM zones WHERE compound_id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a compound, known by its code there."""

    compound: UUID
    code: str
    community: UUID
    kind: str
    name: str | None
    spaces: int | None
    closed: bool = False
    version: int = 1


async def add(connection: Connection, zone: Zone) -> Zone | None:
    """Store a new zone; None when its compound has one of that code."""
    row = await connection.fetchrow(_ADD, *_values(zone))
    return None if row is None else _zone(row)


async def change(connection: Connection, zone: Zone) -> Zone | None:
    """Change a zone; None when `version` is not the current one."""
    row = await connection.fetchrow(_CHANGE, *_values(zone), zone.version)
    return None if row is None else _zone(row)


async def of_compound(connection: Connection, community: UUID, compound: UUID) -> list[Zone]:
    """All zones of a compound, closed ones as well."""
    return [_zone(row) for row in await connection.fetch(_OF, community, compound)]


async def find(connection: Connection, community: UUID, compound: UUID, code: str) -> Zone | None:
    """One zone."""
    row = await connection.fetchrow(_FIND, community, compound, code)
    return None if row is None else _zone(row)


async def missing(connection: Connection, named: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Those of these codes that their compounds have not, of any communities."""
    if not named:
        return set()
    rows = await connection.fetch(_MISSING, [each[0] for each in named], [each[1] for each in named])
    return {(row["compound_id"], row["code"]) for row in rows}


def _values(zone: Zone) -> tuple[object, ...]:
    return zone.compound, zone.code, zone.community, zone.kind, zone.name, zone.spaces, zone.closed


def _zone(row: "asyncpg.Record") -> Zone:
    return Zone(*row)
