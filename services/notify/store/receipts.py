"""Rows of receipts: what providers say of messages afterwards, once for each thing they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.domain.messages import Subject
from services.notify.domain.states import RANK, State
from shared.database.work import Connection

_ABOUT = """
SELECT id, community_id, person, channel, category, about_type, about_id, state, traceparent
FROM messages WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""

_ADD = """
INSERT INTO receipts (message_id, provider_id, status, community_id, code, at, received_at)
SELECT message_id, provider_id, status, community_id, code, at, $7
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[])
     AS row (message_id, provider_id, status, community_id, code, at)
ON CONFLICT (message_id, provider_id, status) DO NOTHING
"""

_RAISE = """
UPDATE messages SET state = row.state, rank = row.rank, reason = row.reason, version = version + 1
FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[]) AS row (id, state, rank, reason)
WHERE messages.id = row.id AND row.rank > messages.rank
RETURNING messages.id, messages.version
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One receipt, about one of our messages."""

    message: UUID
    provider_id: str
    status: str
    code: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A message that receipts speak of, locked."""

    subject: Subject
    state: State
    traceparent: str | None


async def lock(connection: Connection, messages: Sequence[UUID]) -> Mapping[UUID, Known]:
    """Find the messages of receipts, in the order in which everybody locks them."""
    rows = await connection.fetch(_ABOUT, messages)
    return {row["id"]: Known(Subject(*row[:7]), State(row["state"]), row["traceparent"]) for row in rows}


async def add(
    connection: Connection, receipts: Sequence[Said], known: Mapping[UUID, Known], now: datetime
) -> None:
    """Keep receipts of known messages; a repeat is kept once."""
    await connection.execute(
        _ADD,
        [each.message for each in receipts],
        [each.provider_id for each in receipts],
        [each.status for each in receipts],
        [known[each.message].subject.community for each in receipts],
        [each.code for each in receipts],
        [each.at for each in receipts],
        now,
    )


async def raise_states(
    connection: Connection, states: Mapping[UUID, tuple[State, str | None]]
) -> Mapping[UUID, int]:
    """Move messages to a higher state; answers the new version of each that moved."""
    rows = await connection.fetch(
        _RAISE,
        list(states),
        [state for state, _ in states.values()],
        [RANK[state] for state, _ in states.values()],
        [reason for _, reason in states.values()],
    )
    return {row["id"]: row["version"] for row in rows}
