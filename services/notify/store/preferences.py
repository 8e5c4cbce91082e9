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

# In the order in which everybody locks messages. What a sender has taken is waited for, and left to it:
# should it turn out not to have left, the sender finds what was declined.
_PLANNED = """
SELECT id FROM messages
WHERE community_id = $1 AND person = $2 AND category = ANY($3::text[]) AND state = ANY($4::text[])
  AND urgency < $5
ORDER BY id FOR UPDATE
"""

_SUBJECT = "id, community_id, person, channel, category, about_type, about_id, version, traceparent"

_TAKE_BACK = f"""
UPDATE messages SET state = $3, rank = $4, reason = $5, version = version + 1
WHERE id = ANY($1::uuid[]) AND state = ANY($2::text[])
RETURNING {_SUBJECT}
"""  # noqa: S608  (a constant)

# What was declined before a message was planned has been considered then.
_TAKE_BACK_RETURNED = f"""
UPDATE messages SET state = $3, rank = $4, reason = $5, version = messages.version + 1
FROM preferences
WHERE messages.id = ANY($1::uuid[]) AND state = $2 AND urgency < $6
  AND preferences.community_id = messages.community_id AND preferences.person = messages.person
  AND preferences.changed_at >= planned_at AND categories -> 'declined' ? category
RETURNING {", ".join(f"messages.{name}" for name in _SUBJECT.split(", "))}
"""  # noqa: S608  (a constant)


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
    states = [*UNSENT, State.SUBMITTING]
    found = await connection.fetch(_PLANNED, community, person, categories, states, Urgency.EMERGENCY)
    ids, state = [row["id"] for row in found], State.SUPPRESSED
    rows = await connection.fetch(_TAKE_BACK, ids, list(UNSENT), state, RANK[state], DECLINED)
    return [_taken_back(row) for row in rows]


async def take_back_returned(
    connection: Connection, messages: Sequence[UUID]
) -> list[tuple[Subject, int, str | None]]:
    """Suppress what was declined meanwhile of messages that a sender has back, and locked."""
    state = State.SUPPRESSED
    values = (messages, State.READY, state, RANK[state], DECLINED, Urgency.EMERGENCY)
    return [_taken_back(row) for row in await connection.fetch(_TAKE_BACK_RETURNED, *values)]


def _taken_back(row: Any) -> tuple[Subject, int, str | None]:
    return Subject(*row[:7]), row["version"], row["traceparent"]


def wishes_from(row: Any) -> Wishes:
    """Read the three columns in which wishes are stored."""
    start, end, categories = row["quiet_from"], row["quiet_until"], row["categories"]
    return Wishes(
        QuietHours(start, end) if start is not None else None,
        frozenset(categories.get("declined", ())),
        frozenset(categories.get("any_time", ())),
    )
