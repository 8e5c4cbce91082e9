"""The projection of duty: who may be called upon now. Guarded by the sequence, as the register's is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.store.register import latest
from shared.contracts import DutyEnded, DutyStarted, Event
from shared.database.work import Connection

_PUT = """
INSERT INTO duties AS old (id, community_id, person, starts_at, ends_at, ended, sequence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::boolean[],
                     $7::bigint[])
ON CONFLICT (id) DO UPDATE
SET person = excluded.person, starts_at = coalesce(excluded.starts_at, old.starts_at),
    ends_at = excluded.ends_at, ended = excluded.ended, sequence = excluded.sequence
WHERE old.sequence < excluded.sequence AND old.community_id = excluded.community_id
"""

_ON_DUTY = """
SELECT DISTINCT community_id, person
FROM duties JOIN unnest($1::uuid[], $2::text[]) AS asked (community_id, person) USING (community_id, person)
WHERE NOT ended AND starts_at <= $3 AND ends_at > $3
"""

_FORGET = """
DELETE FROM duties WHERE ctid = ANY (ARRAY(SELECT ctid FROM duties WHERE ends_at < $1 LIMIT $2))
"""


async def put(connection: Connection, events: Sequence[Event[DutyStarted | DutyEnded]]) -> None:
    """Store stretches of duty as they now stand, also those of which only the end was read."""
    rows: list[tuple[Any, ...]] = []
    for each in latest(events):
        data, common = each.data, (each.data.duty, each.community, each.data.person)
        if isinstance(data, DutyStarted):
            rows.append((*common, data.starts_at, data.ends_at, False, each.sequence))
        else:
            rows.append((*common, None, data.ended_at, True, each.sequence))
    await connection.execute(_PUT, *zip(*rows, strict=True))


async def on_duty(
    connection: Connection, persons: Collection[tuple[UUID, str]], now: datetime
) -> frozenset[tuple[UUID, str]]:
    """Tell who of these persons is on duty at a business time."""
    rows = await connection.fetch(
        _ON_DUTY, [community for community, _ in persons], [person for _, person in persons], now
    )
    return frozenset((row["community_id"], row["person"]) for row in rows)


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Delete duty that ended before a business time; answers how many."""
    return int((await connection.execute(_FORGET, before, most)).split()[-1])
