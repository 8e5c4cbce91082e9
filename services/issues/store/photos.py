"""What is known of photos in the database: a row before the objects, attached when they are written."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.issues.domain.photos import Photo, PhotoKind
from shared.database.work import Connection

_COLUMNS = "id, case_id, kind, uploaded, bytes, width, height, added_by, added_at, public"
_SHOWN = "attached AND removed_at IS NULL"


async def announce_photo(connection: Connection, community: UUID, photo: Photo) -> None:
    """Say that a photo's objects are about to be written; it is not shown yet."""
    await connection.execute(
        """
        INSERT INTO case_photos (id, community_id, case_id, kind, uploaded, bytes, width, height, added_by,
                                 added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        photo.id,
        community,
        photo.case,
        photo.kind,
        photo.uploaded,
        photo.size,
        photo.width,
        photo.height,
        photo.added_by,
        photo.added_at,
    )


async def attach_photo(connection: Connection, community: UUID, photo: UUID) -> bool:
    """Show a photo whose objects are written; False when it took so long that a sweep could be near."""
    status: str = await connection.execute(
        """
        UPDATE case_photos SET attached = true
        WHERE community_id = $1 AND id = $2 AND written_at > now() - interval '1 hour'
        """,
        community,
        photo,
    )
    return status == "UPDATE 1"


async def same_photo(
    connection: Connection, community: UUID, case: UUID, kind: PhotoKind, uploaded: bytes
) -> Photo | None:
    """Find a photo of a case that was sent before, byte for byte."""
    row = await connection.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM case_photos
        WHERE community_id = $1 AND case_id = $2 AND kind = $3 AND uploaded = $4 AND {_SHOWN}
        """,  # noqa: S608
        community,
        case,
        kind,
        uploaded,
    )
    return None if row is None else _photo(row)


async def photos_of(connection: Connection, community: UUID, case: UUID) -> list[Photo]:
    """List the photos of a case as they were added."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM case_photos WHERE community_id = $1 AND case_id = $2 AND {_SHOWN} ORDER BY id
        """,  # noqa: S608
        community,
        case,
    )
    return [_photo(row) for row in rows]


async def public_photos(
    connection: Connection, community: UUID, cases: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """List the photos that everybody may see, by case."""
    rows = await connection.fetch(
        f"""
        SELECT case_id, id FROM case_photos
        WHERE community_id = $1 AND case_id = ANY($2::uuid[]) AND public AND {_SHOWN} ORDER BY id
        """,  # noqa: S608
        community,
        cases,
    )
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row["case_id"], []).append(row["id"])
    return found


async def photo_by_id(
    connection: Connection, community: UUID, photo: UUID, *, lock: bool = False
) -> Photo | None:
    """Find a photo that is shown; `lock` keeps others from changing it until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM case_photos WHERE community_id = $1 AND id = $2 AND {_SHOWN}"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        community,
        photo,
    )
    return None if row is None else _photo(row)


async def publish_photo(
    connection: Connection, community: UUID, photo: UUID, by: str, *, public: bool
) -> None:
    """Let everybody see a photo, or no longer."""
    await connection.execute(
        "UPDATE case_photos SET public = $3, public_by = $4 WHERE community_id = $1 AND id = $2",
        community,
        photo,
        public,
        by,
    )


async def remove_photo(connection: Connection, community: UUID, photo: UUID, by: str, at: datetime) -> None:
    """Take a photo away: it is shown to nobody, and the next sweep removes its objects."""
    await connection.execute(
        """
        UPDATE case_photos SET removed_at = $3, removed_by = $4, public = false
        WHERE community_id = $1 AND id = $2
        """,
        community,
        photo,
        at,
        by,
    )


async def kinds_shown(connection: Connection, community: UUID, case: UUID) -> set[str]:
    """Tell which kinds of photos a case has; those of "after" count from when it was last opened again."""
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT kind FROM case_photos
        WHERE community_id = $1 AND case_id = $2 AND {_SHOWN} AND (kind = 'before' OR added_at >= coalesce((
            SELECT max(at) FROM case_entries
            WHERE community_id = $1 AND case_id = $2 AND change IN ('reopened', 'not-fixed')), added_at))
        """,  # noqa: S608
        community,
        case,
    )
    return {row["kind"] for row in rows}


async def unshown_photos(connection: Connection, age: timedelta, limit: int) -> list[tuple[UUID, UUID]]:
    """List photos, with their communities, whose objects nobody shall see: broken off, or taken away.

    An upload counts as broken off at this age (wall time).
    """
    rows = await connection.fetch(
        """
        SELECT community_id, id FROM case_photos
        WHERE NOT swept AND (NOT attached OR removed_at IS NOT NULL)
          AND (removed_at IS NOT NULL OR written_at < now() - $1::interval)
        ORDER BY written_at LIMIT $2
        """,
        age,
        limit,
    )
    return [(row["community_id"], row["id"]) for row in rows]


async def mark_swept(connection: Connection, photos: Sequence[UUID]) -> None:
    """Say that these have no objects any more; of what was broken off nothing is kept."""
    await connection.execute("DELETE FROM case_photos WHERE id = ANY($1::uuid[]) AND NOT attached", photos)
    await connection.execute("UPDATE case_photos SET swept = true WHERE id = ANY($1::uuid[])", photos)


def _photo(row: asyncpg.Record) -> Photo:
    return Photo(
        id=row["id"],
        case=row["case_id"],
        kind=PhotoKind(row["kind"]),
        uploaded=row["uploaded"],
        size=row["bytes"],
        width=row["width"],
        height=row["height"],
        added_by=row["added_by"],
        added_at=row["added_at"],
        public=row["public"],
    )
