"""The projection of the register's households: who they are, and whether they still live here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.parking.domain.vehicle import Household
from shared.database.work import Connection

_FIND = "SELECT id, ended FROM households WHERE community_id = $1 AND id = $2"
_FIND_ALL = "SELECT id, ended FROM households WHERE community_id = $1 AND id = ANY($2::uuid[])"
# Guarded by sequence: events may come again or, after a repartitioning, out of order.
_PROJECT = """
INSERT INTO households AS known (id, community_id, ended, sequence, persons)
SELECT id, community_id, ended, sequence, string_to_array(persons, ' ')
FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::bigint[], $5::text[])
     AS row (id, community_id, ended, sequence, persons)
ON CONFLICT (id) DO UPDATE
SET ended = excluded.ended, sequence = excluded.sequence, persons = excluded.persons
WHERE known.sequence < excluded.sequence AND known.community_id = excluded.community_id
RETURNING id, community_id, ended
"""
_PERSONS = "SELECT id, persons FROM households WHERE id = ANY($1::uuid[]) AND NOT ended"


@dataclass(frozen=True, slots=True)
class HouseholdState:
    """One household as an event of the register states it."""

    id: UUID
    community: UUID
    ended: bool
    sequence: int
    persons: tuple[str, ...] = ()


async def find(connection: Connection, community: UUID, household: UUID) -> Household | None:
    """One household of a community."""
    row = await connection.fetchrow(_FIND, community, household)
    return None if row is None else Household(row["id"], row["ended"])


async def find_all(connection: Connection, community: UUID, wanted: Sequence[UUID]) -> dict[UUID, Household]:
    """Those of these households that the community has."""
    rows = await connection.fetch(_FIND_ALL, community, wanted)
    return {row["id"]: Household(row["id"], row["ended"]) for row in rows}


async def persons_of(
    connection: Connection, households: Iterable[UUID | None]
) -> dict[UUID, tuple[str, ...]]:
    """Who lives in these households."""
    wanted = {household for household in households if household is not None}
    if not wanted:
        return {}
    rows = await connection.fetch(_PERSONS, list(wanted))
    return {row["id"]: tuple(row["persons"]) for row in rows}


async def project(connection: Connection, states: Sequence[HouseholdState]) -> list[tuple[UUID, UUID]]:
    """Brings the projection up to these states; each household at most once, older ones change nothing.

    Gives those that have ended now, with their communities.
    """
    rows = await connection.fetch(
        _PROJECT,
        [state.id for state in states],
        [state.community for state in states],
        [state.ended for state in states],
        [state.sequence for state in states],
        [" ".join(state.persons) for state in states],  # a person's id holds no space
    )
    return [(row["id"], row["community_id"]) for row in rows if row["ended"]]
