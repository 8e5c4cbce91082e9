"""Escalation ladders of communities in the database."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.issues.domain.deadline import Counted
from services.issues.domain.escalation import Ladder, Level
from services.issues.store.targets import target_as_data, target_from_data
from shared.database.work import Connection

DEFAULT = ""
"""In the place of a category: the ladder of those that have none of their own."""


async def ladders_of(connection: Connection, community: UUID) -> dict[str, Ladder]:
    """Read a community's ladders by category, the default under the empty one."""
    rows = await connection.fetch(
        "SELECT category, levels, version FROM escalation_ladders WHERE community_id = $1", community
    )
    return {
        row["category"]: Ladder(tuple(map(_level, row["levels"])), version=row["version"]) for row in rows
    }


async def put_ladder(connection: Connection, community: UUID, category: str, ladder: Ladder) -> None:
    """Store the ladder of a category, new or changed."""
    await connection.execute(
        """
        INSERT INTO escalation_ladders (community_id, category, levels, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (community_id, category) DO UPDATE
        SET levels = excluded.levels, version = excluded.version
        """,
        community,
        category,
        [
            {
                "after_minutes": level.after_minutes,
                "counted": level.counted,
                "target": target_as_data(level.target),
            }
            for level in ladder.levels
        ],
        ladder.version,
    )


async def delete_ladder(connection: Connection, community: UUID, category: str) -> None:
    """Let a category go by the default again."""
    await connection.execute(
        "DELETE FROM escalation_ladders WHERE community_id = $1 AND category = $2", community, category
    )


def _level(data: Mapping[str, Any]) -> Level:
    return Level(data["after_minutes"], target_from_data(data["target"]), Counted(data["counted"]))
