"""What has become untrue: remembered for events that come late, and taken back where it is unsent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.messages import WITHDRAWN
from services.notify.domain.states import RANK, UNSENT, State
from services.notify.domain.withdrawals import Thing, Withdrawal
from services.notify.store import sending
from shared.database.rows import as_json
from shared.database.work import Connection

# What a rule withdraws travels once, however many events it withdraws it by.
_SAID = """
said AS (
    SELECT community_id, about_id, rule, withdraws, sequence, event_id, event_type
    FROM json_to_recordset(convert_from($1, 'UTF8')::json) AS row (
        community_id uuid, about_id uuid, rule text, sequence bigint, event_id uuid, event_type text)
    JOIN json_to_recordset(convert_from($4, 'UTF8')::json) AS rules (
        community_id uuid, rule text, withdraws text[]) USING (community_id, rule)
)
"""

# OFFSET 0 lets each thing look up its own rows: a join planned while the table is small would later read all
# of it. Mostly nothing is found, so that cancelling is a statement of its own.
_REMEMBER = f"""
WITH {_SAID}, kept AS (
    INSERT INTO withdrawals AS old
        (community_id, about_id, rule, withdraws, sequence, event_id, event_type, at)
    SELECT *, $2::timestamptz FROM said ORDER BY 1, 2, 3
    ON CONFLICT (community_id, about_id, rule) DO UPDATE
    SET withdraws = excluded.withdraws, sequence = excluded.sequence, event_id = excluded.event_id,
        event_type = excluded.event_type, at = excluded.at
    WHERE old.sequence < excluded.sequence
)
SELECT found.id
FROM said
CROSS JOIN LATERAL (
    SELECT id, rule_entry FROM messages
    WHERE community_id = said.community_id AND about_id = said.about_id AND state = ANY($3::text[])
      AND event_sequence < said.sequence OFFSET 0
) AS found
JOIN rulebook ON rulebook.id = found.rule_entry AND rulebook.name = ANY(said.withdraws)
"""  # noqa: S608  (a constant)

# What a sender has taken is locked too, and by then either settled or left to it: should it turn out not to
# have left, the sender finds the withdrawal.
_CANCEL = """
UPDATE messages SET state = $3, rank = $4, reason = $5, version = version + 1
WHERE id = ANY($1::uuid[]) AND state = ANY($2::text[])
"""

_CANCEL_RETURNED = """
UPDATE messages SET state = $2, rank = $3, reason = $4, version = messages.version + 1
FROM rulebook
WHERE messages.id = ANY($1::uuid[]) AND rulebook.id = rule_entry AND EXISTS (
    SELECT FROM withdrawals
    WHERE withdrawals.community_id = messages.community_id AND withdrawals.about_id = messages.about_id
      AND withdrawals.sequence > messages.event_sequence AND rulebook.name = ANY(withdrawals.withdraws)
)
"""

_OF_THINGS = """
SELECT found.*
FROM unnest($1::uuid[], $2::uuid[]) AS asked (community_id, about_id)
CROSS JOIN LATERAL (
    SELECT community_id, about_id, rule, withdraws, sequence, event_id, event_type FROM withdrawals
    WHERE withdrawals.community_id = asked.community_id AND withdrawals.about_id = asked.about_id OFFSET 0
) AS found
"""

_FORGET = """
DELETE FROM withdrawals WHERE ctid = ANY (ARRAY(SELECT ctid FROM withdrawals WHERE at < $1 LIMIT $2))
"""


async def of_things(connection: Connection, things: Collection[Thing]) -> list[Withdrawal]:
    """Read what has been withdrawn of these things."""
    rows = await connection.fetch(
        _OF_THINGS, [community for community, _ in things], [about for _, about in things]
    )
    return [_withdrawal(row) for row in rows]


async def withdraw(
    connection: Connection, said: Mapping[tuple[Thing, str], Withdrawal], wall: datetime
) -> int:
    """Remember withdrawals, by thing and rule, and cancel what they mean; answers how many messages."""
    rows = [
        {
            "community_id": each.community,
            "about_id": each.about,
            "rule": each.rule,
            "sequence": each.sequence,
            "event_id": each.event_id,
            "event_type": each.event_type,
        }
        for each in said.values()
    ]
    lists = {(each.community, each.rule): each.withdraws for each in said.values()}
    rules = [
        {"community_id": community, "rule": rule, "withdraws": withdraws}
        for (community, rule), withdraws in lists.items()
    ]
    states = [*UNSENT, State.SUBMITTING]
    meant = await connection.fetch(_REMEMBER, as_json(rows), wall, states, as_json(rules))
    if not meant:
        return 0
    ids, state = [row["id"] for row in meant], State.CANCELLED
    await sending.lock(connection, ids)
    status = await connection.execute(_CANCEL, ids, list(UNSENT), state, RANK[state], WITHDRAWN)
    return int(status.split()[-1])


async def cancel_returned(connection: Connection, messages: Sequence[UUID]) -> int:
    """Cancel what has become untrue of messages that a sender has back, and locked; answers how many."""
    state = State.CANCELLED
    status = await connection.execute(_CANCEL_RETURNED, messages, state, RANK[state], WITHDRAWN)
    return int(status.split()[-1])


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Delete what was withdrawn longer ago than any event can still be repeated; answers how many."""
    return int((await connection.execute(_FORGET, before, most)).split()[-1])


def _withdrawal(row: Any) -> Withdrawal:
    return Withdrawal(
        row["community_id"],
        row["about_id"],
        row["rule"],
        tuple(row["withdraws"]),
        row["sequence"],
        row["event_id"],
        row["event_type"],
    )
