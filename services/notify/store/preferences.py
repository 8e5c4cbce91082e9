"""Rows of preferences: what one person wishes, apart from how they can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.messages import DECLINED, Subject
from services.notify.domain.preferences import QuietHours, Wishes
from services.notify.domain.states import RANK, UNSENT, State
from services.notify.domain.urgency import Urgency
from shared.database.work import Connection

_PUT = """
INSERT INTO preferences (community_id, person, quiet_from, quiet_until, categories, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (community_id, person) DO UPDATE
SET quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, categories = excluded.categories,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by, version = preferences.version + 1
"""

# In the order in which everybody locks messages; what a sender has taken meanwhile is not touched.
_TAKE_BACK = """
UPDATE messages SET state = $5, rank = $6, reason = $7, version = version + 1
WHERE id = ANY(ARRAY(
    SELECT id FROM messages
    WHERE community_id = $1 AND person = $2 AND category = ANY($3::text[]) AND state = ANY($4::text[])
      AND urgency < $8
    ORDER BY id FOR UPDATE
)) AND state = ANY($4::text[])
RETURNING id, community_id, person, channel, category, about_type, about_id, version, traceparent
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A person's wishes as they are stored."""

    wishes: Wishes
    version: int


async def find(
    connection: Connection, community: UUID, person: str, *, changing: bool = False
) -> Stored | None:
    """Read what a person wishes, and keep others from changing it meanwhile."""
    lock = "FOR UPDATE" if changing else ""
    query = f"""SELECT quiet_from, quiet_until, categories, version FROM preferences
                WHERE community_id = $1 AND person = $2 {lock}"""  # noqa: S608  (a constant)
    row = await connection.fetchrow(query, community, person)
    return Stored(wishes_from(row), row["version"]) if row else None


async def put(
    connection: Connection, community: UUID, person: str, wishes: Wishes, now: datetime, actor: str
) -> None:
    """Store what a person wishes, in place of what they wished before."""
    quiet = wishes.quiet
    await connection.execute(
        _PUT,
        community,
        person,
        quiet.start if quiet else None,
        quiet.end if quiet else None,
        {"declined": sorted(wishes.declined), "any_time": sorted(wishes.any_time)},
        now,
        actor,
    )


async def take_back(
    connection: Connection, community: UUID, person: str, categories: Sequence[str]
) -> list[tuple[Subject, int, str | None]]:
    """Suppress what of these categories is planned for a person and has not left, emergencies excepted.

    Answers what it was, each with its new version and its traceparent.
    """
    values = (community, person, categories, list(UNSENT), State.SUPPRESSED, RANK[State.SUPPRESSED])
    rows = await connection.fetch(_TAKE_BACK, *values, DECLINED, Urgency.EMERGENCY)
    return [(Subject(*row[:7]), row["version"], row["traceparent"]) for row in rows]


def wishes_from(row: Any) -> Wishes:
    """Read the three columns in which wishes are stored."""
    start, end, categories = row["quiet_from"], row["quiet_until"], row["categories"]
    return Wishes(
        QuietHours(start, end) if start is not None else None,
        frozenset(categories.get("declined", ())),
        frozenset(categories.get("any_time", ())),
    )
