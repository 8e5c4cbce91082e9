"""Facts leave through this table, in the transaction that made them true; the relay takes them from there."""

from collections.abc import Sequence

import asyncpg

from shared.database.work import Connection
from shared.messaging.envelope import Record, Row, to_row
from shared.messaging.wire import pack_headers

AnyConnection = Connection | asyncpg.Connection

COPIED_FROM = 20
"""Rows from which COPY is quicker, here and at the server, though it takes a second round trip."""
_COLUMNS = ("topic", "key", "headers", "value")

# Ordered, because ids are the order of sending and PostgreSQL promises it of none but a sorted source.
_INSERT = """
INSERT INTO outbox (topic, key, headers, value)
SELECT topic, key, headers, value
FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[]) WITH ORDINALITY
     AS row (topic, key, headers, value, place)
ORDER BY place
"""


row = to_row
"""Puts a fact into words; with `write` this module is the sink of every Work."""


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
        [pack_headers(record.headers) for record in records],
        [record.value for record in records],
    )
