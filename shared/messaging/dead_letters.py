"""Records that cannot be taken in: kept as they are, announced on the consumer's dead topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from shared.database.work import Connection, Work, Works
from shared.identifiers import new_id
from shared.messaging import metrics
from shared.messaging.envelope import Record
from shared.messaging.incoming import pack_headers, storable
from shared.messaging.outbox import write_records
from shared.messaging.sorting import Refused
from shared.messaging.topics import dead_topic

_BURY = """
INSERT INTO dead_letters
    (id, consumer, topic, partition, "offset", key, headers, value, recorded_at, type, reason, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (consumer, topic, partition, "offset") DO NOTHING RETURNING dead_at
"""
_LIST = """
SELECT id, topic, partition, "offset", key, type, reason, detail, dead_at, octet_length(value) AS bytes,
       (SELECT count(*) FROM parked_events AS behind
        WHERE (behind.consumer, behind.topic, behind.key) = (dead.consumer, dead.topic, dead.key)) AS parked
FROM dead_letters AS dead WHERE consumer = $1 ORDER BY dead_at, id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter as an operator sees it; `parked` counts the events waiting behind its key."""

    id: UUID
    topic: str
    partition: int
    offset: int
    key: bytes | None
    type: str | None
    reason: str
    detail: str
    dead_at: datetime
    bytes: int | None
    parked: int


async def bury(work: Work, consumer: str, refused: Refused) -> None:
    """Keep a record with the reason and announce it; doing so again changes nothing."""
    record, letter = refused.incoming, new_id()
    dead_at = await work.connection.fetchval(
        _BURY,
        letter,
        consumer,
        record.topic,
        record.partition,
        record.offset,
        record.key,
        pack_headers(record.headers),
        record.value,
        record.recorded_at,
        record.type,
        refused.reason,
        storable(refused.detail, 2000),
    )
    if dead_at is not None:
        await write_records(work.connection, [_announcement(work, consumer, letter, refused, dead_at)])
        work.after_commit(metrics.DEAD_LETTERS.labels(refused.reason).inc)


def _announcement(work: Work, consumer: str, letter: UUID, refused: Refused, dead_at: datetime) -> Record:
    """Say what died and where it came from; neither its content nor its key, which may be a stranger's."""
    record = refused.incoming
    time = dead_at.isoformat().replace("+00:00", "Z")
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": str(letter),
        "ce_source": work.source,
        "ce_type": f"linli.{consumer}.record-refused.v1",
        "ce_subject": f"{record.topic}/{record.partition}/{record.offset}",
        "ce_time": time,
    }
    value = {
        "letter": str(letter),
        "reason": refused.reason,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "type": record.type,
        "recorded_at": record.recorded_at.isoformat().replace("+00:00", "Z"),
    }
    return Record(dead_topic(consumer), None, headers, orjson.dumps(value))


async def list_dead_letters(works: Works, consumer: str, most: int = 100) -> Sequence[DeadLetter]:
    """List the oldest dead letters of a consumer."""
    async with works.for_system("dead-letters") as work:
        return await _list(work.connection, consumer, most)


async def _list(connection: Connection, consumer: str, most: int) -> Sequence[DeadLetter]:
    return [DeadLetter(**dict(row)) for row in await connection.fetch(_LIST, consumer, most)]
