"""The queue of messages to be sent: claimed by lease, tried, and settled.

The message row is the queue entry. `next_at` is when it is due, and while it is claimed, when its lease
ends: a sender that died leaves it `submitting`, and the next one finds it due again. All times here are wall
time but the deadline.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.messages import QUIET_HOURS, Subject
from services.notify.domain.states import RANK, State
from shared.database.work import Connection

# The most urgent first; among equals whoever is due longest. Rows another sender holds are passed over.
_CLAIM = """
UPDATE messages SET state = 'submitting', attempts = messages.attempts + 1, next_at = $3
WHERE id = ANY(ARRAY(
    SELECT id FROM messages
    WHERE channel = $1 AND rank = 0 AND next_at <= $2 AND urgency >= $5
    ORDER BY urgency DESC, next_at LIMIT $4
    FOR UPDATE SKIP LOCKED
))
RETURNING id, community_id, person, channel, category, about_type, about_id, language, content, attempts,
    delay, deadline, traceparent, quiet_hours, old.state AS was, old.next_at AS due_at,
    (SELECT name FROM rulebook WHERE rulebook.id = template_entry) AS template
"""

_ADDRESSES = """
SELECT community_id, person, phone_sealed, phone_key, push_token
FROM contacts JOIN unnest($1::uuid[], $2::text[]) AS asked (community_id, person) USING (community_id, person)
"""

_ATTEMPTS = """
INSERT INTO attempts (message_id, number, community_id, provider, started_at)
SELECT message_id, number, community_id, $4, $5
FROM unnest($1::uuid[], $2::integer[], $3::uuid[]) AS row (message_id, number, community_id)
"""

# Claimed by this transaction, and not tried after all.
_HOLD = """
UPDATE messages SET state = row.state, rank = $4, reason = $5, held_until = row.until,
    attempts = attempts - 1, version = version + 1
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS row (id, state, until)
WHERE messages.id = row.id
"""

# News of an attempt may come after a receipt, or after another sender took the message over: a rank only
# rises, and among open states only the newest attempt has a say.
_LOCK = "SELECT 1 FROM messages WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"

_SETTLE = """
UPDATE messages
SET state = row.state, rank = row.rank, reason = row.reason, next_at = row.next_at, delay = row.delay,
    version = messages.version + 1
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::smallint[], $5::text[], $6::timestamptz[], $7::real[])
     AS row (id, number, state, rank, reason, next_at, delay)
WHERE messages.id = row.id
  AND (row.rank > greatest(messages.rank, 0)
       OR (row.rank = 0 AND messages.rank <= 0 AND messages.attempts = row.number))
RETURNING messages.id, messages.version
"""

_ANSWERED = """
UPDATE attempts SET answered_at = $6, result = row.result, code = row.code, provider_id = row.provider_id
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[])
     AS row (message_id, number, result, code, provider_id)
WHERE attempts.message_id = row.message_id AND attempts.number = row.number
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this sender holds until its lease ends; `number` is the attempt it makes now."""

    subject: Subject
    language: str
    content: Mapping[str, str]
    number: int
    delay: float
    deadline: datetime
    traceparent: str | None
    was: State
    template: str | None
    quiet_hours: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person can be reached, still sealed."""

    phone_sealed: bytes | None
    phone_key: str | None
    push_token: str | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a message in one attempt; `next_at` and `delay` (seconds) count for open states."""

    id: UUID
    number: int
    state: State
    next_at: datetime
    reason: str | None = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider said in one attempt."""

    id: UUID
    number: int
    result: str
    code: str | None
    provider_id: str | None


async def claim(
    connection: Connection, channel: str, now: datetime, lease: datetime, most: int, least_urgent: int
) -> list[Claimed]:
    """Take due messages of one channel until the lease ends, whichever has been due longest first."""
    rows = await connection.fetch(_CLAIM, channel, now, lease, most, least_urgent)
    return [_claimed(row) for row in sorted(rows, key=lambda row: row["due_at"])]


async def hold(connection: Connection, waiting: Sequence[tuple[UUID, State, datetime]]) -> None:
    """Let messages, held or unknown, wait for a business time: quiet hours began since they were planned."""
    if waiting:
        ids, states, times = map(list, zip(*waiting, strict=True))
        await connection.execute(_HOLD, ids, states, times, RANK[State.HELD], QUIET_HOURS)


async def waiting(connection: Connection) -> Mapping[str, tuple[int, datetime]]:
    """Count what is open in each channel, with the earliest time at which any of it is due."""
    rows = await connection.fetch(
        "SELECT channel, count(*), min(next_at) FROM messages WHERE rank = 0 GROUP BY channel"
    )
    return {channel: (count, oldest) for channel, count, oldest in rows}


async def held(connection: Connection) -> int:
    """Count what waits for the end of quiet hours."""
    count: int = await connection.fetchval("SELECT count(*) FROM messages WHERE rank = -1")
    return count


async def addresses(
    connection: Connection, persons: Collection[tuple[UUID, str]]
) -> Mapping[tuple[UUID, str], Address]:
    """Read where persons can be reached now; who has been erased is left out."""
    rows = await connection.fetch(
        _ADDRESSES, [community for community, _ in persons], [person for _, person in persons]
    )
    return {(row["community_id"], row["person"]): Address(row[2], row[3], row[4]) for row in rows}


async def begin_attempts(
    connection: Connection, claimed: Sequence[Claimed], provider: str, now: datetime
) -> None:
    """Write down that these messages are about to leave; committed before the bytes do."""
    await connection.execute(
        _ATTEMPTS,
        [each.subject.id for each in claimed],
        [each.number for each in claimed],
        [each.subject.community for each in claimed],
        provider,
        now,
    )


async def lock(connection: Connection, messages: Collection[UUID]) -> None:
    """Keep others from messages, in the order in which all lock them, or two could wait for each other."""
    await connection.execute(_LOCK, messages)


async def settle(connection: Connection, settlements: Sequence[Settlement]) -> Mapping[UUID, int]:
    """Apply the news that still counts; answers the new version of each message that it changed."""
    await lock(connection, [each.id for each in settlements])
    rows = await connection.fetch(
        _SETTLE,
        [each.id for each in settlements],
        [each.number for each in settlements],
        [each.state for each in settlements],
        [RANK[each.state] for each in settlements],
        [each.reason for each in settlements],
        [each.next_at for each in settlements],
        [each.delay for each in settlements],
    )
    return {row["id"]: row["version"] for row in rows}


async def end_attempts(connection: Connection, answers: Sequence[Answered], now: datetime) -> None:
    """Write down what the provider said."""
    await connection.execute(
        _ANSWERED,
        [each.id for each in answers],
        [each.number for each in answers],
        [each.result for each in answers],
        [each.code for each in answers],
        [each.provider_id for each in answers],
        now,
    )


def _claimed(row: Any) -> Claimed:
    subject = Subject(
        row["id"],
        row["community_id"],
        row["person"],
        row["channel"],
        row["category"],
        row["about_type"],
        row["about_id"],
    )
    return Claimed(
        subject,
        row["language"],
        row["content"],
        row["attempts"],
        row["delay"],
        row["deadline"],
        row["traceparent"],
        State(row["was"]),
        row["template"],
        row["quiet_hours"],
    )
