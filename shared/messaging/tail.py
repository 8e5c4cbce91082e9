"""Follows topics without a group: every reader sees everything, and a cursor says how far it has read."""

import base64
import binascii
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from shared.contracts import Event
from shared.messaging.attributes import InvalidEnvelope
from shared.messaging.ending import ended_well, started
from shared.messaging.envelope import UnknownType, read_record
from shared.messaging.settings import KafkaSettings
from shared.messaging.topics import full_topic, plain_topic

Offsets = dict[TopicPartition, int]
Place = tuple[str, int]
"""A partition: the topic's name in contracts, and its number."""


class CursorExpired(Exception):
    """The cursor is no cursor, or what comes after it is not kept any more: begin anew."""


@dataclass(frozen=True, slots=True)
class Tailed:
    """An event, where it stands, and how far all partitions were read with it."""

    event: Event[Any]
    place: Place
    offset: int
    offsets: Mapping[Place, int]

    @property
    def cursor(self) -> str:
        """The place after this event, to be given to `tail` later; opaque."""
        return cursor_of(self.offsets)


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a tail begins, and where its partitions ended when it was opened."""

    first: Mapping[Place, int]
    last: Mapping[Place, int]


async def tail(
    kafka: KafkaSettings,
    topics: Iterable[str],
    *,
    start: Literal["end", "beginning"] | str,
    before_end: int = 0,
    opened: Callable[[Opened], None] | None = None,
) -> AsyncGenerator[Tailed, None]:
    """Give events of these topics as they come, from the end, the beginning, or behind a cursor.

    What is no event, or of a type nobody knows, is passed over. A reader that resumes may see repeats.
    From the `end` begins so many records `before_end` in each partition; `opened` hears where it begins.

    Raises:
        CursorExpired: see there; also later, when the reader is overtaken by the topic's retention.
        KafkaError, OSError: the broker cannot be reached at the start, or a topic does not exist.
    """
    named = [full_topic(kafka, topic) for topic in topics]
    since = None if start in ("end", "beginning") else _full(kafka, offsets_of(start))
    client = AIOKafkaConsumer(
        **kafka.client_options(),
        client_id="linli-tail",
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=500,
        metadata_max_age_ms=5000,
        request_timeout_ms=5000,
    )
    try:
        await started(client.start())
        for topic in named:
            # Its public ways to learn of partitions also begin to read them somewhere.
            await client._client._wait_on_metadata(topic)  # noqa: SLF001
        offsets, last = await _first_offsets(client, named, start, since, before_end)
        _go_to(client, offsets)
        if opened is not None:
            opened(Opened(_plain(kafka, offsets), _plain(kafka, last)))
        while True:
            async for tailed in _read(client, kafka, offsets):
                yield tailed
            await _add_new_partitions(client, named, offsets)
    except OffsetOutOfRangeError as error:
        raise CursorExpired("the topic does not reach back that far any more") from error
    finally:
        await ended_well(client.stop(), 3)


async def _read(
    client: AIOKafkaConsumer, kafka: KafkaSettings, offsets: Offsets
) -> AsyncGenerator[Tailed, None]:
    for partition, records in (await client.getmany(timeout_ms=1000, max_records=500)).items():
        for record in records:
            offsets[partition] = record.offset + 1
            try:
                event = read_record(record.headers, record.value, timestamp=record.timestamp)
            except (InvalidEnvelope, UnknownType):
                continue
            place = (plain_topic(kafka, partition.topic), partition.partition)
            yield Tailed(event, place, record.offset, _plain(kafka, offsets))


async def _first_offsets(
    client: AIOKafkaConsumer, topics: Iterable[str], start: str, since: Offsets | None, before_end: int
) -> tuple[Offsets, Offsets]:
    """Where to begin, and where the partitions end."""
    partitions = _partitions(client, topics)
    first = await client.beginning_offsets(partitions)
    last = await client.end_offsets(partitions)
    if start == "beginning":
        return dict(first), dict(last)
    if since is None:
        return {each: max(first[each], last[each] - before_end) for each in partitions}, dict(last)
    # A partition that the cursor does not know was added after it, so all of it is new.
    offsets = {partition: since.get(partition, first[partition]) for partition in partitions}
    if any(not first[partition] <= offset <= last[partition] for partition, offset in offsets.items()):
        raise CursorExpired("the topic does not reach back that far any more")
    return offsets, dict(last)


def _partitions(client: AIOKafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    return [
        TopicPartition(topic, number)
        for topic in topics
        for number in sorted(client.partitions_for_topic(topic) or ())
    ]


async def _add_new_partitions(client: AIOKafkaConsumer, topics: Iterable[str], offsets: Offsets) -> None:
    added = [partition for partition in _partitions(client, topics) if partition not in offsets]
    if added:
        offsets.update(await client.beginning_offsets(added))
        _go_to(client, offsets)


def _go_to(client: AIOKafkaConsumer, offsets: Offsets) -> None:
    client.assign(list(offsets))
    for partition, offset in offsets.items():
        client.seek(partition, offset)


def cursor_of(offsets: Mapping[Place, int]) -> str:
    """Write how far partitions were read as a text that tells nobody anything."""
    found: dict[str, dict[str, int]] = {}
    for (topic, partition), offset in offsets.items():
        found.setdefault(topic, {})[str(partition)] = offset
    return base64.urlsafe_b64encode(orjson.dumps(found)).decode().rstrip("=")


def offsets_of(cursor: str) -> dict[Place, int]:
    """Read a cursor.

    Raises:
        CursorExpired: it is none.
    """
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return {
            (str(topic), int(partition)): int(offset)
            for topic, partitions in decoded.items()
            for partition, offset in partitions.items()
        }
    except (binascii.Error, ValueError, AttributeError, TypeError) as error:
        raise CursorExpired("this is no cursor") from error


def _plain(kafka: KafkaSettings, offsets: Offsets) -> dict[Place, int]:
    return {(plain_topic(kafka, topic), number): offset for (topic, number), offset in offsets.items()}


def _full(kafka: KafkaSettings, offsets: Mapping[Place, int]) -> Offsets:
    return {
        TopicPartition(full_topic(kafka, topic), number): offset
        for (topic, number), offset in offsets.items()
    }
