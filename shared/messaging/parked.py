"""Events that wait behind a dead letter of their key, so that the key keeps its order."""

from collections.abc import Collection, Sequence
from hashlib import blake2b

from shared.database.work import Connection
from shared.messaging.incoming import Incoming, pack_headers

_ANY = """
SELECT EXISTS (SELECT FROM dead_letters WHERE consumer = $1 AND topic = $2)
    OR EXISTS (SELECT FROM parked_events WHERE consumer = $1 AND topic = $2)
"""
_BLOCKED = """
SELECT key FROM dead_letters WHERE consumer = $1 AND topic = $2 AND key = ANY ($3::bytea[])
UNION
SELECT key FROM parked_events WHERE consumer = $1 AND topic = $2 AND key = ANY ($3::bytea[])
"""
# A dead letter that is read again, because its offset was not committed, does not wait behind itself.
_PARK = """
INSERT INTO parked_events (consumer, topic, partition, "offset", key, headers, value, recorded_at)
SELECT $1, $2, $3, *
FROM unnest($4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::timestamptz[])
    AS record (place, key, headers, value, recorded_at)
WHERE NOT EXISTS (SELECT FROM dead_letters
                  WHERE consumer = $1 AND topic = $2 AND partition = $3 AND "offset" = place)
ON CONFLICT DO NOTHING
"""


async def lock_key(connection: Connection, consumer: str, topic: str, key: bytes) -> None:
    """Wait until nobody else parks or redelivers this key; held to the end of the transaction.

    It is PostgreSQL's transaction-level advisory lock of the hash of (consumer, topic, key). A consumer takes
    it only for keys that have dead letters, redelivery for each event it puts back.
    """
    digest = blake2b(f"{consumer}\0{topic}\0".encode() + key, digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    await connection.execute("SELECT pg_advisory_xact_lock($1)", number)


async def blocked_keys(
    connection: Connection, consumer: str, topic: str, keys: Collection[bytes]
) -> set[bytes]:
    """Give the keys whose events must be parked; none of them can be redelivered before the commit."""
    # Keys travel where there is something to compare them with, which is seldom.
    if not await connection.fetchval(_ANY, consumer, topic):
        return set()
    found = await _blocked(connection, consumer, topic, keys)
    for key in sorted(found):
        await lock_key(connection, consumer, topic, key)
    # Redelivery may have put back the last of a key's events while this waited for its lock.
    return await _blocked(connection, consumer, topic, found) if found else found


async def _blocked(connection: Connection, consumer: str, topic: str, keys: Collection[bytes]) -> set[bytes]:
    if not keys:
        return set()
    return {row["key"] for row in await connection.fetch(_BLOCKED, consumer, topic, list(keys))}


async def park(connection: Connection, consumer: str, records: Sequence[Incoming]) -> None:
    """Keep records of one partition for later; parking one again changes nothing."""
    if not records:
        return
    await connection.execute(
        _PARK,
        consumer,
        records[0].topic,
        records[0].partition,
        [one.offset for one in records],
        [one.key for one in records],
        [pack_headers(one.headers) for one in records],
        [one.value for one in records],
        [one.recorded_at for one in records],
    )
