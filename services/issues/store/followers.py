"""Who else wants to hear what becomes of a case."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.issues.domain.following import MOST_FOLLOWERS
from shared.database.work import Connection, Work


async def followers_of(work: Work, case_ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Tell the followers of cases, for the facts that are said of them; none has more than facts may name.

    Every case that was asked for is in the answer.
    """
    found: dict[UUID, list[str]] = {case: [] for case in case_ids}
    rows = await work.connection.fetch(
        """
        SELECT case_id, person FROM followers
        WHERE case_id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR community_id = $2)
        ORDER BY followed_at, person
        """,
        list(found),
        work.community,
    )
    for row in rows:
        found[row["case_id"]].append(row["person"])
    return {case: tuple(persons[:MOST_FOLLOWERS]) for case, persons in found.items()}


async def count_followers(connection: Connection, community: UUID, case_id: UUID) -> int:
    """Count the followers of one case."""
    found: int = await connection.fetchval(
        "SELECT count(*) FROM followers WHERE community_id = $1 AND case_id = $2", community, case_id
    )
    return found


async def is_follower(connection: Connection, community: UUID, case_id: UUID, person: str) -> bool:
    """Tell whether somebody follows a case."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM followers WHERE community_id = $1 AND case_id = $2 AND person = $3)
        """,
        community,
        case_id,
        person,
    )
    return found


async def add_follower(
    connection: Connection, community: UUID, case_id: UUID, person: str, at: datetime
) -> None:
    """Let somebody follow a case."""
    await connection.execute(
        """
        INSERT INTO followers (case_id, community_id, person, followed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        case_id,
        community,
        person,
        at,
    )


async def remove_follower(connection: Connection, community: UUID, case_id: UUID, person: str) -> None:
    """Let somebody follow a case no longer."""
    await connection.execute(
        "DELETE FROM followers WHERE community_id = $1 AND case_id = $2 AND person = $3",
        community,
        case_id,
        person,
    )
