"""Import mappings and imported cases in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.issues.domain.categories import Priority
from services.issues.domain.imported_case import ImportedCase
from shared.database.work import Connection

# A row whose (community, source, external id) is there already is left as it is, so sending a file again,
# whole or from anywhere, resumes it.
_INSERT = """
WITH given AS (
    SELECT * FROM unnest(
        $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[],
        $11::timestamptz[], $12::float8[], $13::float8[], $14::text[], $15::text[], $16::bytea[]
    ) AS row (id, external_id, category, priority, state, reported_at, due_at, closed_at, latitude, longitude,
              description, flags, digest)
), stored AS (
    INSERT INTO cases (id, community_id, category, priority, state, description, reported_at, due_at,
                       closed_at, latitude, longitude, source, external_id, source_digest, flags, version)
    SELECT id, $1, category, priority, state, description, reported_at, due_at, closed_at, latitude,
           longitude, $2, external_id, digest, string_to_array(flags, ' '), 1
    FROM given
    ON CONFLICT (community_id, source, external_id) WHERE source IS NOT NULL DO NOTHING
    RETURNING id
), entered AS (
    INSERT INTO case_entries (case_id, version, community_id, at, actor, change)
    SELECT id, 1, $1, $3, $17, 'imported' FROM stored
)
SELECT id FROM stored
"""


@dataclass(frozen=True, slots=True)
class NewImport:
    """One row on its way to becoming a case."""

    id: UUID
    row: ImportedCase
    priority: Priority
    due_at: datetime


async def insert_imported(
    connection: Connection,
    community: UUID,
    source: str,
    imports: Sequence[NewImport],
    *,
    at: datetime,
    actor: str,
) -> set[UUID]:
    """Store imported cases with the one entry of their history; returns the ids of those that are new."""
    rows = await connection.fetch(
        _INSERT,
        community,
        source,
        at,
        [new.id for new in imports],
        [new.row.external_id for new in imports],
        [new.row.category for new in imports],
        [new.priority for new in imports],
        [new.row.state for new in imports],
        [new.row.reported_at for new in imports],
        [new.due_at for new in imports],
        [new.row.closed_at for new in imports],
        [new.row.latitude for new in imports],
        [new.row.longitude for new in imports],
        [new.row.description for new in imports],
        [" ".join(new.row.flags) for new in imports],
        [new.row.digest for new in imports],
        actor,
    )
    return {row["id"] for row in rows}


async def digests_of(
    connection: Connection, community: UUID, source: str, external_ids: Sequence[str]
) -> dict[str, bytes]:
    """Tell what was stored for external ids, summed up as `ImportedCase.digest` does."""
    rows = await connection.fetch(
        """
        SELECT external_id, source_digest FROM cases
        WHERE community_id = $1 AND source = $2 AND external_id = ANY($3)
        """,
        community,
        source,
        external_ids,
    )
    return {row["external_id"]: row["source_digest"] for row in rows}


async def mapping_by_name(
    connection: Connection, community: UUID, name: str
) -> tuple[dict[str, Any], int] | None:
    """Find a mapping's definition and version."""
    row = await connection.fetchrow(
        "SELECT definition, version FROM import_mappings WHERE community_id = $1 AND name = $2",
        community,
        name,
    )
    return None if row is None else (row["definition"], row["version"])


async def put_mapping(
    connection: Connection, community: UUID, name: str, definition: dict[str, Any], version: int
) -> None:
    """Store a mapping, new or changed."""
    await connection.execute(
        """
        INSERT INTO import_mappings (community_id, name, definition, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (community_id, name) DO UPDATE SET definition = excluded.definition,
                                                       version = excluded.version
        """,
        community,
        name,
        definition,
        version,
    )
