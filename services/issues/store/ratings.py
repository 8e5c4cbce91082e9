"""What reporters thought of closings."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.issues.domain.case import Case
from services.issues.domain.life import RatedAlready
from shared.database.work import Connection


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating; its words are for the reporter and for who oversees all."""

    closing: int
    stars: int
    words: str | None
    rated_by: str | None
    rated_at: datetime


async def add_rating(connection: Connection, case: Case, rating: Rating) -> None:
    """Store a rating.

    Raises:
        RatedAlready: there is one of this closing.
    """
    added = await connection.fetchval(
        """
        INSERT INTO case_ratings (case_id, closing, community_id, stars, words, rated_by, rated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING closing
        """,
        case.id,
        rating.closing,
        case.community,
        rating.stars,
        rating.words,
        rating.rated_by,
        rating.rated_at,
    )
    if added is None:
        raise RatedAlready("this closing was rated before")


async def ratings_of(connection: Connection, community: UUID, case_id: UUID) -> list[Rating]:
    """Read the ratings of a case, the first closing's first."""
    rows = await connection.fetch(
        """
        SELECT closing, stars, words, rated_by, rated_at FROM case_ratings
        WHERE community_id = $1 AND case_id = $2 ORDER BY closing
        """,
        community,
        case_id,
    )
    return [Rating(**row) for row in rows]
