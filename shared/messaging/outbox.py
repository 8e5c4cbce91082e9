"""Facts leave through this table, in the transaction that made them true; the relay takes them from there."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson

from shared.contracts import Event
from shared.database.work import Connection
from shared.messaging.envelope import Record, to_row

AnyConnection = Connection | asyncpg.Connection

# Ordered, because ids are the order of sending and PostgreSQL promises it of none but a sorted source.
_INSERT = """
INSERT INTO outbox (topic, key, headers, value)
SELECT topic, key, headers, value
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bytea[]) WITH ORDINALITY
     AS row (topic, key, headers, value, place)
ORDER BY place
"""


async def write(connection: Connection, events: Sequence[Event[Any]]) -> None:
    """Queue events for publication, in their order; the sink of every Work.

    Raises:
        EventTooLarge: the data of one exceeds the contract's limit; the transaction must not commit.
    """
    await connection.execute(_INSERT, *map(list, zip(*map(to_row, events), strict=True)))


async def write_records(connection: AnyConnection, records: Sequence[Record]) -> None:
    """Queue finished records, in their order."""
    await connection.execute(
        _INSERT,
        [record.topic for record in records],
        [record.key for record in records],
        [orjson.dumps(record.headers).decode() for record in records],
        [record.value for record in records],
    )
