"""Anonymous cases, found by their claim codes and given to their reporters."""

from uuid import UUID

from shared.database.work import Connection


async def anonymous_cases(
    connection: Connection, first: UUID, last: UUID, person: str | None
) -> list[tuple[UUID, UUID]]:
    """Find cases of no reporter or this one, with their communities, by a range of ids that holds few."""
    rows = await connection.fetch(
        """
        SELECT id, community_id FROM cases
        WHERE id BETWEEN $1 AND $2 AND (reporter IS NULL OR reporter = $3) AND source IS NULL LIMIT 1000
        """,
        first,
        last,
        person,
    )
    return [(row["id"], row["community_id"]) for row in rows]


async def set_reporter(connection: Connection, community: UUID, case: UUID, person: str) -> None:
    """Make somebody the reporter of a case that had none."""
    await connection.execute(
        "UPDATE cases SET reporter = $3 WHERE community_id = $1 AND id = $2 AND reporter IS NULL",
        community,
        case,
        person,
    )
