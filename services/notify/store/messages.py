"""Rows of messages: planned many at a time, read page by page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.messages import Heading, Planned
from services.notify.domain.states import RANK, UNHEARD, State
from shared.database.rows import as_json
from shared.database.work import Connection

# Named as in Planned and Heading. As arrays, one for each column, rows would cost this process three times as
# much. In the order of their ids, so that chunks that meet lock alike and the index grows in place.
_PLAN = """
WITH new AS (INSERT INTO messages (
    id, intent, community_id, event_source, event_type, about_type, rule_entry, template_entry, category,
    event_id, event_time, about_id, person, urgency, channel, language, content, segments, encoding,
    state, rank, reason, deadline, traceparent, event_sequence, held_until, quiet_hours, planned_at, next_at
)
SELECT id, id, community, event_source, event_type, about_type, rule_entry, template_entry, category,
    event_id, event_time, about_id, person, urgency, channel, language, content, segments, encoding,
    state, rank, reason, deadline, traceparent, event_sequence, held_until, quiet_hours, $3, $4
FROM json_to_recordset(convert_from($1, 'UTF8')::json) AS row (
    id uuid, heading bigint, event_id uuid, event_time timestamptz, about_id uuid, person text,
    urgency smallint, channel text, language text, content jsonb, segments smallint, encoding text,
    state text, rank smallint, reason text, deadline timestamptz, traceparent text, event_sequence bigint,
    held_until timestamptz, quiet_hours text
)
JOIN ROWS FROM (json_to_recordset(convert_from($2, 'UTF8')::json) AS (
    community uuid, event_source text, event_type text, about_type text, rule_entry uuid, template_entry uuid,
    category text
)) WITH ORDINALITY AS heading (
    community, event_source, event_type, about_type, rule_entry, template_entry, category, number
) ON number = heading
ORDER BY id
ON CONFLICT (id) DO NOTHING
RETURNING id)
SELECT array_agg(id) FROM new
"""

# The index `messages_held` has what is held and nothing else; rows another one releases are passed over.
_HELD = """
SELECT id FROM messages WHERE rank = -1 AND held_until <= $1
ORDER BY held_until, event_sequence LIMIT $2 FOR UPDATE SKIP LOCKED
"""

# A microsecond apart, so that they leave in the order in which things happened.
_RELEASE = """
UPDATE messages SET state = CASE state WHEN $3 THEN $4 ELSE state END, rank = $5, reason = NULL,
    version = version + 1,
    next_at = $2::timestamptz - (cardinality($1::uuid[]) - row.number) * interval '1 microsecond'
FROM unnest($1::uuid[]) WITH ORDINALITY AS row (id, number)
WHERE messages.id = row.id
"""

# OFFSET 0 lets each thing look up its own rows, however small the table was when this was planned.
_TOLD = """
SELECT asked.community_id, asked.about_id, asked.rule, array_agg(DISTINCT person ORDER BY person) AS persons
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS asked (community_id, about_id, rule)
CROSS JOIN LATERAL (
    SELECT person, rule_entry FROM messages
    WHERE community_id = asked.community_id AND about_id = asked.about_id AND state <> ALL($4::text[])
    OFFSET 0
) AS found
JOIN rulebook ON rulebook.id = found.rule_entry AND rulebook.name = asked.rule
GROUP BY 1, 2, 3
"""

_COLUMNS = """id, person, channel, language, category, urgency, state, reason, content, segments, encoding,
attempts, about_type, about_id, event_id, event_source, event_type, event_time, rule_entry, template_entry,
intent, planned_at, deadline, traceparent, event_sequence, held_until, version"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages of a community are wanted; None means any."""

    person: str | None = None
    state: str | None = None
    about: UUID | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands."""

    id: UUID
    person: str
    channel: str | None
    language: str | None
    category: str
    urgency: int
    state: str
    reason: str | None
    content: dict[str, str] | None
    segments: int | None
    encoding: str | None
    attempts: int
    about_type: str | None
    about_id: UUID | None
    event_id: UUID
    event_source: str
    event_type: str
    event_time: datetime
    rule_entry: UUID
    template_entry: UUID | None
    intent: UUID
    planned_at: datetime
    deadline: datetime
    traceparent: str | None
    event_sequence: int
    held_until: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand a message to a provider; `result` is None while nothing is known of it."""

    number: int
    provider: str
    started_at: datetime
    answered_at: datetime | None
    result: str | None
    code: str | None
    provider_id: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider said of a message afterwards."""

    provider_id: str
    status: str
    code: str | None
    at: datetime
    received_at: datetime


async def plan(
    connection: Connection,
    rows: Sequence[Planned],
    headings: Sequence[Heading],
    now: datetime,
    wall: datetime,
) -> set[UUID]:
    """Store planned messages, due at once; answers which of them are new."""
    return set(await connection.fetchval(_PLAN, as_json(rows), as_json(headings), now, wall) or ())


async def release(connection: Connection, now: datetime, wall: datetime, most: int) -> int:
    """Make due at `wall`, one after another, what waits until `now` or before; answers how many."""
    ids = [row["id"] for row in await connection.fetch(_HELD, now, most)]
    if ids:
        held, ready = State.HELD, State.READY
        await connection.execute(_RELEASE, ids, wall, held, ready, RANK[ready])
    return len(ids)


async def told(
    connection: Connection, asked: Collection[tuple[UUID, UUID, str]]
) -> Mapping[tuple[UUID, UUID, str], Sequence[str]]:
    """Tell who has heard of things by rules, or will; asked for by community, thing and rule's name."""
    columns: list[Any] = list(zip(*asked, strict=True))
    rows = await connection.fetch(_TOLD, *columns, list(UNHEARD))
    return {(row["community_id"], row["about_id"], row["rule"]): row["persons"] for row in rows}


async def page(
    connection: Connection, community: UUID, wanted: Filter, after: tuple[datetime, UUID] | None, limit: int
) -> list[Message]:
    """Read messages, newest first, after the last one of the page before."""
    # Only the filters that are asked for: "$2 IS NULL OR …" would get one plan for all of them.
    values: list[Any] = [community, limit]
    conditions = ["community_id = $1"]
    for column, value in (("person", wanted.person), ("state", wanted.state), ("about_id", wanted.about)):
        if value is not None:
            values.append(value)
            conditions.append(f"{column} = ${len(values)}")
    if after is not None:
        values.extend(after)
        conditions.append(f"(planned_at, id) < (${len(values) - 1}, ${len(values)})")
    query = f"""SELECT {_COLUMNS} FROM messages WHERE {" AND ".join(conditions)}
                ORDER BY planned_at DESC, id DESC LIMIT $2"""  # noqa: S608  (names are constants)
    return [Message(**row) for row in await connection.fetch(query, *values)]


async def find(connection: Connection, community: UUID, message: UUID) -> Message | None:
    """Read one message."""
    query = f"SELECT {_COLUMNS} FROM messages WHERE community_id = $1 AND id = $2"  # noqa: S608
    row = await connection.fetchrow(query, community, message)
    return Message(**row) if row else None


async def attempts_of(connection: Connection, community: UUID, message: UUID) -> list[Attempt]:
    """Read a message's attempts in order."""
    query = """SELECT number, provider, started_at, answered_at, result, code, provider_id FROM attempts
               WHERE community_id = $1 AND message_id = $2 ORDER BY number"""
    return [Attempt(**row) for row in await connection.fetch(query, community, message)]


async def receipts_of(connection: Connection, community: UUID, message: UUID) -> list[Receipt]:
    """Read a message's receipts in the order they came."""
    query = """SELECT provider_id, status, code, at, received_at FROM receipts
               WHERE community_id = $1 AND message_id = $2 ORDER BY received_at, status"""
    return [Receipt(**row) for row in await connection.fetch(query, community, message)]
