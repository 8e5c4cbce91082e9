"""A community's own kinds of tasks: versions that are added and never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.database.work import Connection

_CURRENT = """
SELECT DISTINCT ON (code) code, version, rules, made_at, made_by FROM task_kinds
WHERE community_id = $1 ORDER BY code, version DESC
"""
_ADD = """
INSERT INTO task_kinds (community_id, code, version, rules, made_at, made_by)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5 FROM task_kinds
WHERE community_id = $1 AND code = $2
RETURNING version
"""


@dataclass(frozen=True, slots=True)
class StoredKind:
    """One version of a kind; `version` 0 is what ships."""

    code: str
    version: int
    rules: dict[str, Any]
    made_at: datetime | None
    made_by: str | None


async def current(connection: Connection, community: UUID) -> list[StoredKind]:
    """The newest version of each kind that a community has made."""
    return [StoredKind(**row) for row in await connection.fetch(_CURRENT, community)]


async def add(
    connection: Connection, community: UUID, code: str, rules: dict[str, Any], now: datetime, actor: str
) -> int:
    """Adds a version and gives its number."""
    number: int = await connection.fetchval(_ADD, community, code, rules, now, actor)
    return number
