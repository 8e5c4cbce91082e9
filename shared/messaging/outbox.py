"""Facts leave through this table, in the transaction that made them true; the relay takes them from there."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from shared.contracts.event import Event
from shared.database.work import Connection
from shared.messaging.envelope import Record, Row, to_row
from shared.messaging.wire import pack_headers, pack_record

AnyConnection = Connection | asyncpg.Connection

COPIED_FROM = 20
"""Rows from which COPY is quicker, here and at the server, though it takes a second round trip."""
_COLUMNS = ("topic", "key", "records")
MOST_TOGETHER = 1_900
"""Bytes of records that go into one row: longer rows PostgreSQL compresses or moves out of line."""

# Ordered, because ids are the order of sending and PostgreSQL promises it of none but a sorted source.
_INSERT = """
INSERT INTO outbox (topic, key, records)
SELECT topic, key, records
FROM unnest($1::text[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS row (topic, key, records, place)
ORDER BY place
"""


def add(rows: list[Row], event: Event[Any]) -> None:
    """Put a fact into words; what is said of one thing in a row shares one, which costs the server less.

    With `write` this module is the sink of every Work.

    Raises:
        EventTooLarge: see there.
    """
    topic, key, record = to_row(event)
    if rows:
        last_topic, last_key, records = rows[-1]
        if last_key == key and last_topic == topic and len(records) + len(record) <= MOST_TOGETHER:
            rows[-1] = (topic, key, records + record)
            return
    rows.append((topic, key, record))


async def write(connection: Connection, rows: Sequence[Row]) -> None:
    """Queue events for publication, in their order."""
    if len(rows) < COPIED_FROM:
        await connection.execute(_INSERT, *map(list, zip(*rows, strict=True)))
    else:
        # Ids follow the order of the rows here as well.
        await connection.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)


async def write_records(connection: AnyConnection, records: Sequence[Record]) -> None:
    """Queue finished records, in their order."""
    await connection.execute(
        _INSERT,
        [record.topic for record in records],
        [record.key for record in records],
        [pack_record(record.value, pack_headers(record.headers)) for record in records],
    )
