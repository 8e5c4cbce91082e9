"""Which photos a category demands, in the database."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.issues.domain.photos import PhotoKind
from shared.database.work import Connection


@dataclass(frozen=True, slots=True)
class Demand:
    """The kinds of photos without which a case of a category cannot be resolved."""

    category: str
    kinds: frozenset[PhotoKind]
    version: int


async def demand_of(
    connection: Connection, community: UUID, category: str, *, lock: bool = False
) -> Demand | None:
    """Find what a category demands; None when nothing was ever said."""
    row = await connection.fetchrow(
        "SELECT category, kinds, version FROM photo_demands WHERE community_id = $1 AND category = $2"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        community,
        category,
    )
    return None if row is None else _demand(row)


async def list_demands(
    connection: Connection, community: UUID, after: str | None, limit: int
) -> list[Demand]:
    """List what categories demand, in order of their codes."""
    rows = await connection.fetch(
        """
        SELECT category, kinds, version FROM photo_demands
        WHERE community_id = $1 AND ($2::text IS NULL OR category > $2) ORDER BY category LIMIT $3
        """,
        community,
        after,
        limit,
    )
    return [_demand(row) for row in rows]


async def put_demand(connection: Connection, community: UUID, demand: Demand) -> None:
    """Store what a category demands."""
    await connection.execute(
        """
        INSERT INTO photo_demands (community_id, category, kinds, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (community_id, category) DO UPDATE SET kinds = excluded.kinds, version = excluded.version
        """,
        community,
        demand.category,
        sorted(demand.kinds),
        demand.version,
    )


def _demand(row: asyncpg.Record) -> Demand:
    return Demand(row["category"], frozenset(map(PhotoKind, row["kinds"])), row["version"])
