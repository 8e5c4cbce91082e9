"""Compounds' own kinds of violations: versions that are added and never changed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.parking.domain.violation_kind import Kind, steps_data, steps_from
from shared.database.work import Connection

_VERSIONS = """
SELECT compound_id, kind, version, enabled, steps, effective_from FROM violation_kinds
WHERE compound_id = ANY($1::uuid[])
"""
_ADD = """
INSERT INTO violation_kinds (compound_id, kind, version, community_id, enabled, steps, effective_from,
                             made_by, made_at)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7, $8
FROM violation_kinds WHERE compound_id = $1 AND kind = $2 AND community_id = $3
RETURNING version
"""


async def versions_of(connection: Connection, compounds: Collection[UUID]) -> dict[UUID, list[Kind]]:
    """All versions of the kinds these compounds have made."""
    found: dict[UUID, list[Kind]] = {compound: [] for compound in compounds}
    for compound, name, version, enabled, steps, since in await connection.fetch(_VERSIONS, list(compounds)):
        found[compound].append(Kind(name, version, enabled, steps_from(steps), since))
    return found


async def add(
    connection: Connection, community: UUID, compound: UUID, kind: Kind, made_by: str, now: datetime
) -> int:
    """Store the next version of a kind, whose compound must be locked; gives its number."""
    version: int = await connection.fetchval(
        _ADD,
        compound,
        kind.name,
        community,
        kind.enabled,
        steps_data(kind.steps),
        kind.effective_from,
        made_by,
        now,
    )
    return version
