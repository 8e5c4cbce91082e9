"""Households in the database."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.issues.domain.households import Household
from services.issues.domain.places import CodeTaken
from shared.database.work import Connection

_COLUMNS = "id, community_id, code, unit_id, persons, ended_at, version"


async def insert_households(connection: Connection, households: Sequence[Household]) -> None:
    """Store new households.

    Raises:
        CodeTaken: a code is in use.
    """
    try:
        await connection.execute(
            """
            INSERT INTO households (id, community_id, code, unit_id, persons, version)
            SELECT id, community_id, code, unit_id, string_to_array(persons, ' '), version
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bigint[])
                AS row (id, community_id, code, unit_id, persons, version)
            """,
            *_changeable(households),
        )
    except asyncpg.UniqueViolationError as error:
        raise CodeTaken("another household has that code") from error


async def update_households(connection: Connection, households: Sequence[Household]) -> None:
    """Store what can change of households."""
    await connection.execute(
        """
        UPDATE households SET unit_id = row.unit_id, persons = string_to_array(row.persons, ' '),
                              ended_at = row.ended_at, version = row.version
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bigint[],
                    $7::timestamptz[])
            AS row (id, community_id, code, unit_id, persons, version, ended_at)
        WHERE households.id = row.id AND households.community_id = row.community_id
        """,
        *_changeable(households),
        [household.ended_at for household in households],
    )


async def household_by_id(connection: Connection, community: UUID, household_id: UUID) -> Household | None:
    """Find one household."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM households WHERE community_id = $1 AND id = $2",  # noqa: S608
        community,
        household_id,
    )
    return None if row is None else _household(row)


async def households_by_code(
    connection: Connection, community: UUID, codes: Sequence[str]
) -> dict[str, Household]:
    """Find households by their codes."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM households WHERE community_id = $1 AND code = ANY($2)",  # noqa: S608
        community,
        codes,
    )
    return {row["code"]: _household(row) for row in rows}


async def list_households(
    connection: Connection, community: UUID, within: UUID | None, after: UUID | None, limit: int
) -> list[Household]:
    """List a page of households in order of their ids, all or those in a place."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM households
        WHERE community_id = $1 AND ($3::uuid IS NULL OR id > $3)
          AND ($2::uuid IS NULL
               OR unit_id IN (SELECT id FROM places WHERE community_id = $1 AND path @> ARRAY[$2]))
        ORDER BY id LIMIT $4
        """,  # noqa: S608
        community,
        within,
        after,
        limit,
    )
    return [_household(row) for row in rows]


def _changeable(households: Sequence[Household]) -> tuple[list[object], ...]:
    return (
        [household.id for household in households],
        [household.community for household in households],
        [household.code for household in households],
        [household.unit for household in households],
        # Person ids hold no spaces; unnest would flatten arrays of arrays.
        [" ".join(household.persons) for household in households],
        [household.version for household in households],
    )


def _household(row: asyncpg.Record) -> Household:
    return Household(
        id=row["id"],
        community=row["community_id"],
        code=row["code"],
        unit=row["unit_id"],
        persons=tuple(row["persons"]),
        ended_at=row["ended_at"],
        version=row["version"],
    )
