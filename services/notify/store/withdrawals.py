"""What has become untrue: remembered for events that come late, and taken back where it is unsent."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.notify.domain.messages import WITHDRAWN
from services.notify.domain.states import RANK, UNSENT, State
from services.notify.domain.withdrawals import Thing, Withdrawal
from shared.database.work import Connection

# Names of rules hold no comma: an array of arrays of unequal length is no PostgreSQL array.
_SAID = """
said AS (
    SELECT community_id, about_id, rule, string_to_array(withdraws, ',') AS withdraws, sequence, event_id,
           event_type
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::text[])
         AS row (community_id, about_id, rule, withdraws, sequence, event_id, event_type)
)
"""

# Locked in the order in which everybody locks messages; what a sender takes meanwhile has left, or is about
# to, and is left to it.
_WITHDRAW = f"""
WITH {_SAID}, kept AS (
    INSERT INTO withdrawals AS old
        (community_id, about_id, rule, withdraws, sequence, event_id, event_type, at)
    SELECT *, $8::timestamptz FROM said ORDER BY 1, 2, 3
    ON CONFLICT (community_id, about_id, rule) DO UPDATE
    SET withdraws = excluded.withdraws, sequence = excluded.sequence, event_id = excluded.event_id,
        event_type = excluded.event_type, at = excluded.at
    WHERE old.sequence < excluded.sequence
), meant AS (
    SELECT messages.id
    FROM said
    JOIN messages ON messages.community_id = said.community_id AND messages.about_id = said.about_id
    JOIN rulebook ON rulebook.id = messages.rule_entry
    WHERE messages.state = ANY($9::text[]) AND messages.event_sequence < said.sequence
      AND rulebook.name = ANY(said.withdraws)
    ORDER BY messages.id FOR UPDATE OF messages
)
UPDATE messages SET state = $10, rank = $11, reason = $12, version = version + 1
WHERE id = ANY(ARRAY(SELECT id FROM meant)) AND state = ANY($9::text[])
"""  # noqa: S608  (a constant)

_COLUMNS = "community_id, about_id, rule, withdraws, sequence, event_id, event_type"

_OF_THINGS = f"""
SELECT {_COLUMNS}
FROM withdrawals JOIN unnest($1::uuid[], $2::uuid[]) AS asked (community_id, about_id)
     USING (community_id, about_id)
"""  # noqa: S608

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
    rows: Sequence[Withdrawal] = list(said.values())
    status = await connection.execute(
        _WITHDRAW,
        [row.community for row in rows],
        [row.about for row in rows],
        [row.rule for row in rows],
        [",".join(row.withdraws) for row in rows],
        [row.sequence for row in rows],
        [row.event_id for row in rows],
        [row.event_type for row in rows],
        wall,
        list(UNSENT),
        State.CANCELLED,
        RANK[State.CANCELLED],
        WITHDRAWN,
    )
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
