"""The projection of the register's households: their ids, and whether they still live here."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.parking.domain.vehicle import Household
from shared.database.work import Connection

_FIND = "SELECT id, ended FROM households WHERE community_id = $1 AND id = $2"
# Guarded by sequence: events may come again or, after a repartitioning, out of order.
_PROJECT = """
INSERT INTO households AS known (id, community_id, ended, sequence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::bigint[])
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence AND known.community_id = excluded.community_id
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('household ' || $1::uuid::text, 0))"


@dataclass(frozen=True, slots=True)
class HouseholdState:
    """One household as an event of the register states it."""

    id: UUID
    community: UUID
    ended: bool
    sequence: int


async def find(connection: Connection, community: UUID, household: UUID) -> Household | None:
    """One household of a community."""
    row = await connection.fetchrow(_FIND, community, household)
    return None if row is None else Household(row["id"], row["ended"])


async def one_at_a_time(connection: Connection, household: UUID) -> None:
    """Lets no other transaction number this household's vehicles until this one ends.

    An advisory lock, since a request has no right to change, hence none to lock, the projection's rows.
    """
    await connection.execute(_LOCK, household)


async def project(connection: Connection, states: Sequence[HouseholdState]) -> None:
    """Brings the projection up to these states; each household at most once, older ones change nothing."""
    await connection.execute(
        _PROJECT,
        [state.id for state in states],
        [state.community for state in states],
        [state.ended for state in states],
        [state.sequence for state in states],
    )
