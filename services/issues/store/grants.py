"""Granted roles in the database."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.issues.domain.grants import AlreadyGranted, Grant
from shared.database.work import Connection

_COLUMNS = "id, community_id, person, role, place_id, granted_at, revoked_at, version"


async def insert_grants(connection: Connection, grants: Sequence[Grant]) -> None:
    """Store new grants.

    Raises:
        AlreadyGranted: one is open already.
    """
    try:
        await connection.execute(
            """
            INSERT INTO grants (id, community_id, person, role, place_id, granted_at, version)
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[],
                                 $6::timestamptz[], $7::bigint[])
            """,
            [grant.id for grant in grants],
            [grant.community for grant in grants],
            [grant.person for grant in grants],
            [grant.role for grant in grants],
            [grant.place for grant in grants],
            [grant.granted_at for grant in grants],
            [grant.version for grant in grants],
        )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyGranted("the person holds that role there already") from error


async def update_grant(connection: Connection, grant: Grant) -> None:
    """Store what can change of a grant: that it is revoked."""
    await connection.execute(
        "UPDATE grants SET revoked_at = $3, version = $4 WHERE community_id = $1 AND id = $2",
        grant.community,
        grant.id,
        grant.revoked_at,
        grant.version,
    )


async def grant_by_id(connection: Connection, community: UUID, grant_id: UUID) -> Grant | None:
    """Find one grant."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM grants WHERE community_id = $1 AND id = $2",  # noqa: S608
        community,
        grant_id,
    )
    return None if row is None else _grant(row)


async def open_grants(
    connection: Connection, community: UUID, persons: Sequence[str]
) -> dict[tuple[str, str, UUID], Grant]:
    """Find the open grants of persons, by person, role and place."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM grants
        WHERE community_id = $1 AND person = ANY($2) AND revoked_at IS NULL
        """,  # noqa: S608
        community,
        persons,
    )
    return {(row["person"], row["role"], row["place_id"]): _grant(row) for row in rows}


async def role_is_held(connection: Connection, community: UUID, role: str, but: str | None = None) -> bool:
    """Tell whether anybody, `but` one person, holds a role anywhere in the community."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM grants WHERE community_id = $1 AND role = $2 AND revoked_at IS NULL
                       AND person IS DISTINCT FROM $3)
        """,
        community,
        role,
        but,
    )
    return found


async def count_holders(connection: Connection, community: UUID, role: str, places: Sequence[UUID]) -> int:
    """Count the persons who hold a role in any of these places."""
    found: int = await connection.fetchval(
        """
        SELECT count(DISTINCT person) FROM grants
        WHERE community_id = $1 AND role = $2 AND place_id = ANY($3) AND revoked_at IS NULL
        """,
        community,
        role,
        places,
    )
    return found


async def list_grants(
    connection: Connection,
    community: UUID,
    within: UUID | None,
    role: str | None,
    person: str | None,
    after: UUID | None,
    limit: int,
) -> list[Grant]:
    """List a page of open grants in order of their ids."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM grants
        WHERE community_id = $1 AND revoked_at IS NULL AND ($5::uuid IS NULL OR id > $5)
          AND ($2::uuid IS NULL
               OR place_id IN (SELECT id FROM places WHERE community_id = $1 AND path @> ARRAY[$2]))
          AND ($3::text IS NULL OR role = $3) AND ($4::text IS NULL OR person = $4)
        ORDER BY id LIMIT $6
        """,  # noqa: S608
        community,
        within,
        role,
        person,
        after,
        limit,
    )
    return [_grant(row) for row in rows]


def _grant(row: asyncpg.Record) -> Grant:
    return Grant(
        id=row["id"],
        community=row["community_id"],
        person=row["person"],
        role=row["role"],
        place=row["place_id"],
        granted_at=row["granted_at"],
        revoked_at=row["revoked_at"],
        version=row["version"],
    )
