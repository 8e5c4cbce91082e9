"""Places in the database."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.issues.domain.places import CodeTaken, Kind, Place
from shared.database.work import Connection

_COLUMNS = "id, community_id, kind, path, code, name, floor_area_cm2, zone, closed_at, version"


async def lock_register(connection: Connection, community: UUID) -> None:
    """Let nobody else change this community's register until the transaction ends.

    Changes are rare and often touch several rows (a parent must stay open while a child is added), so one
    lock for each community is simpler than locks on rows, and cannot deadlock.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", str(community))


async def insert_places(connection: Connection, places: Sequence[Place]) -> None:
    """Store new places.

    Raises:
        CodeTaken: a code is in use.
    """
    try:
        await connection.execute(
            f"""
            INSERT INTO places ({_COLUMNS})
            SELECT id, community_id, kind, path::uuid[], code, name, floor_area_cm2, zone, NULL, version
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                        $8::text[], $9::bigint[])
                AS row (id, community_id, kind, path, code, name, floor_area_cm2, zone, version)
            """,  # noqa: S608
            [place.id for place in places],
            [place.community for place in places],
            [place.kind for place in places],
            # unnest flattens arrays of arrays, so the paths travel as text.
            ["{" + ",".join(map(str, place.path)) + "}" for place in places],
            [place.code for place in places],
            [place.name for place in places],
            [place.floor_area_cm2 for place in places],
            [place.zone for place in places],
            [place.version for place in places],
        )
    except asyncpg.UniqueViolationError as error:
        raise CodeTaken("another place has that code") from error


async def update_places(connection: Connection, places: Sequence[Place]) -> None:
    """Store what can change of places."""
    await connection.execute(
        """
        UPDATE places SET name = row.name, floor_area_cm2 = row.floor_area_cm2, closed_at = row.closed_at,
                          version = row.version
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[], $6::bigint[])
            AS row (id, community_id, name, floor_area_cm2, closed_at, version)
        WHERE places.id = row.id AND places.community_id = row.community_id
        """,
        [place.id for place in places],
        [place.community for place in places],
        [place.name for place in places],
        [place.floor_area_cm2 for place in places],
        [place.closed_at for place in places],
        [place.version for place in places],
    )


async def place_by_id(connection: Connection, community: UUID, place_id: UUID) -> Place | None:
    """Find one place."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM places WHERE community_id = $1 AND id = $2",  # noqa: S608
        community,
        place_id,
    )
    return None if row is None else _place(row)


async def places_by_code(
    connection: Connection, community: UUID, codes: Sequence[str], *, also: UUID | None = None
) -> dict[str, Place]:
    """Find places by their codes, and the place `also` under the empty code."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM places WHERE community_id = $1 AND (code = ANY($2) OR id = $3)",  # noqa: S608
        community,
        codes,
        also,
    )
    found: dict[str, Place] = {}
    for place in map(_place, rows):
        found[place.code] = place
        if place.id == also:
            found[""] = place
    return found


async def place_is_in_use(connection: Connection, place: Place) -> bool:
    """Tell whether a place holds open places or households."""
    in_use: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM places WHERE community_id = $1 AND path @> ARRAY[$2::uuid] AND id <> $2
                       AND closed_at IS NULL)
            OR EXISTS (SELECT FROM households WHERE community_id = $1 AND unit_id = $2 AND ended_at IS NULL)
        """,
        place.community,
        place.id,
    )
    return in_use


async def paths_of(
    connection: Connection, communities: Sequence[UUID], places: Sequence[UUID]
) -> list[tuple[UUID, ...]]:
    """Find the paths of open places, each only within the community it is said to be in."""
    rows = await connection.fetch(
        """
        SELECT places.path
        FROM unnest($1::uuid[], $2::uuid[]) AS row (community_id, id)
        JOIN places ON places.id = row.id AND places.community_id = row.community_id
        WHERE places.closed_at IS NULL
        """,
        communities,
        places,
    )
    return [tuple(row["path"]) for row in rows]


async def list_places(
    connection: Connection,
    community: UUID,
    within: UUID | None,
    kind: Kind | None,
    after: UUID | None,
    limit: int,
) -> list[Place]:
    """List a page of places in order of their ids."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM places
        WHERE community_id = $1 AND ($2::uuid IS NULL OR path @> ARRAY[$2])
          AND ($3::text IS NULL OR kind = $3) AND ($4::uuid IS NULL OR id > $4)
        ORDER BY id LIMIT $5
        """,  # noqa: S608
        community,
        within,
        kind,
        after,
        limit,
    )
    return [_place(row) for row in rows]


def _place(row: asyncpg.Record) -> Place:
    return Place(
        id=row["id"],
        community=row["community_id"],
        kind=Kind(row["kind"]),
        path=tuple(row["path"]),
        code=row["code"],
        name=row["name"],
        floor_area_cm2=row["floor_area_cm2"],
        zone=row["zone"],
        closed_at=row["closed_at"],
        version=row["version"],
    )
