"""What somebody reported or follows, as they are told of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.issues.domain.case import State
from shared.database.work import Connection


@dataclass(frozen=True, slots=True)
class OwnReport:
    """One case in the list of who reported or follows it."""

    id: UUID
    category: str
    name_zh: str | None
    name_en: str | None
    state: State
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    reopen_until: datetime | None
    version: int


async def own_reports(
    connection: Connection,
    community: UUID,
    person: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
    *,
    followed: bool,
) -> list[OwnReport]:
    """List a page of the cases that somebody reported or, instead, follows; the last reported first."""
    whose = "cases.reporter = $2"
    if followed:
        whose = "cases.id IN (SELECT case_id FROM followers WHERE community_id = $1 AND person = $2)"
    rows = await connection.fetch(
        f"""
        SELECT cases.id, category, name_zh, name_en, state, reported_at, due_at, closed_at, reopen_until,
               cases.version
        FROM cases LEFT JOIN categories ON categories.community_id = $1 AND categories.code = category
        WHERE cases.community_id = $1 AND {whose}
          AND ($3::timestamptz IS NULL OR (reported_at, cases.id) < ($3, $4::uuid))
        ORDER BY reported_at DESC, cases.id DESC LIMIT $5
        """,  # noqa: S608
        community,
        person,
        *(after or (None, None)),
        limit,
    )
    return [OwnReport(**{**row, "state": State(row["state"])}) for row in rows]


@dataclass(frozen=True, slots=True)
class Known:
    """A case that is there already, with what tells its report from another one."""

    state: State
    category: str
    place: UUID | None
    description: str
    anonymous: bool


async def known_reports(connection: Connection, community: UUID, ids: list[UUID]) -> dict[UUID, Known]:
    """Find which of these cases are there."""
    rows = await connection.fetch(
        """
        SELECT id, state, category, place_id, description, reporter IS NULL AS anonymous FROM cases
        WHERE community_id = $1 AND id = ANY($2::uuid[])
        """,
        community,
        ids,
    )
    return {
        row["id"]: Known(
            State(row["state"]), row["category"], row["place_id"], row["description"], row["anonymous"]
        )
        for row in rows
    }
