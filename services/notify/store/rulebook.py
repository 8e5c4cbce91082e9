"""Rows of the rulebook: immutable versions of rules, templates and vocabularies."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from services.notify.domain.rulebook import Entry, Kind
from shared.database.work import Connection

_COLUMNS = "id, community_id, kind, name, version, content, published_at, published_by"

_IN_FORCE = f"""
SELECT DISTINCT ON (community_id, kind, name) {_COLUMNS}
FROM rulebook
WHERE $1::uuid IS NULL OR community_id = $1 OR community_id IS NULL
ORDER BY community_id, kind, name, version DESC
"""  # noqa: S608  (a constant)

_ADD = """
INSERT INTO rulebook (id, community_id, kind, name, version, content, published_at, published_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (community_id, kind, name, version) DO NOTHING
"""


async def revision(connection: Connection) -> tuple[UUID, int]:
    """Tell which state of the rulebook is stored, and the edition of the installed defaults."""
    row = await connection.fetchrow("SELECT revision, edition FROM rulebook_revision")
    assert row is not None  # the migration wrote the one row there is
    return row["revision"], row["edition"]


async def in_force(connection: Connection, community: UUID | None = None) -> list[Entry]:
    """Read the newest versions: all of them, or the defaults and those of one community."""
    return [_entry(row) for row in await connection.fetch(_IN_FORCE, community)]


async def versions(connection: Connection, community: UUID, kind: Kind, name: str) -> list[Entry]:
    """Read all versions of one name that a community has or had, newest first."""
    query = f"""SELECT {_COLUMNS} FROM rulebook
                WHERE (community_id = $1 OR community_id IS NULL) AND kind = $2 AND name = $3
                ORDER BY community_id NULLS LAST, version DESC LIMIT 100"""  # noqa: S608
    return [_entry(row) for row in await connection.fetch(query, community, kind, name)]


async def entries(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Entry]:
    """Read versions by their ids."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM rulebook WHERE id = ANY($1::uuid[])",  # noqa: S608
        ids,
    )
    return {row["id"]: _entry(row) for row in rows}


async def add(connection: Connection, entry: Entry) -> bool:
    """Add a version and make every copy of the rulebook stale; False when somebody else had just added it."""
    values = (entry.id, entry.community, entry.kind, entry.name, entry.version, entry.content)
    status = await connection.execute(_ADD, *values, entry.published_at, entry.published_by)
    await connection.execute("UPDATE rulebook_revision SET revision = $1", uuid4())
    return status == "INSERT 0 1"


async def raise_edition(connection: Connection, edition: int) -> bool:
    """Claim to install an edition of the defaults; False when it, or a later one, is installed already."""
    status = await connection.execute(
        "UPDATE rulebook_revision SET edition = $1, revision = $2 WHERE edition < $1", edition, uuid4()
    )
    return status == "UPDATE 1"


def _entry(row: Any) -> Entry:
    return Entry(
        row["id"],
        row["community_id"],
        Kind(row["kind"]),
        row["name"],
        row["version"],
        row["content"],
        row["published_at"],
        row["published_by"],
    )
