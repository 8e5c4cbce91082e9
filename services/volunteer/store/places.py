"""The register's places, as far as they say what lies in one compound."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.database.work import Connection

_PROJECT = """
INSERT INTO places AS known (id, community_id, kind, parent_id, sequence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[])
ON CONFLICT (id) DO UPDATE
SET kind = excluded.kind, parent_id = excluded.parent_id, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence AND known.community_id = excluded.community_id
"""
_COMPOUND = """
WITH RECURSIVE up AS (
    SELECT id, kind, parent_id FROM places WHERE community_id = $1 AND id = $2
    UNION ALL
    SELECT places.id, places.kind, places.parent_id FROM places JOIN up ON places.id = up.parent_id
    WHERE places.community_id = $1 AND up.kind <> 'compound'
)
SELECT id FROM up WHERE kind = 'compound'
"""
_WITHIN = """
WITH RECURSIVE down AS (
    SELECT id FROM places WHERE community_id = $1 AND id = $2
    UNION ALL
    SELECT places.id FROM places JOIN down ON places.parent_id = down.id WHERE places.community_id = $1
)
SELECT id FROM down
"""


@dataclass(frozen=True, slots=True)
class PlaceState:
    """One place as an event of the register states it."""

    id: UUID
    community: UUID
    kind: str
    parent: UUID | None
    sequence: int


async def project(connection: Connection, states: Sequence[PlaceState]) -> None:
    """Bring the projection up to these states; each place at most once, older ones change nothing."""
    await connection.execute(
        _PROJECT,
        [state.id for state in states],
        [state.community for state in states],
        [state.kind for state in states],
        [state.parent for state in states],
        [state.sequence for state in states],
    )


async def compound_of(connection: Connection, community: UUID, place: UUID) -> UUID | None:
    """The compound in which a place lies, or which it is; None when none is known."""
    found: UUID | None = await connection.fetchval(_COMPOUND, community, place)
    return found


async def round_about(connection: Connection, community: UUID, place: UUID) -> list[UUID]:
    """All places of the compound in which a place lies; the place alone when no compound is known."""
    compound = await compound_of(connection, community, place)
    if compound is None:
        return [place]
    return [row["id"] for row in await connection.fetch(_WITHIN, community, compound)]
