"""Reading a topic from its beginning as any other system would: with a client of another make."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from confluent_kafka import Consumer, TopicPartition

PATIENCE: Final = 60.0


@dataclass(slots=True)
class TopicCount:
    """What stands in a topic of one type of event: how often each id, and how many are marked as imported."""

    ids: Counter[str] = field(default_factory=Counter)
    imported: int = 0

    @property
    def repeats(self) -> int:
        """Records that say again what another with the same id said."""
        return self.ids.total() - len(self.ids)


def count_events(settings: Mapping[str, str], topic: str, event_type: str) -> TopicCount:
    """Read the topic once to where it ends now and count one type's events by id."""
    consumer = Consumer({**settings, "group.id": "replay-reader", "enable.auto.commit": False})
    counted = TopicCount()
    try:
        ends = _ends(consumer, topic)
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
        left = {partition for partition, end in ends.items() if end > 0}
        deadline = time.monotonic() + PATIENCE
        while left and time.monotonic() < deadline:
            for record in consumer.consume(num_messages=5000, timeout=1.0):
                head = dict(record.headers() or [])
                if head.get("ce_type") == event_type.encode():
                    counted.ids[head["ce_id"].decode()] += 1
                    counted.imported += head.get("ce_imported") == b"true"
                place, partition = record.offset(), record.partition()
                assert place is not None
                assert partition is not None
                if place + 1 >= ends[partition]:
                    left.discard(partition)
    finally:
        consumer.close()
    return counted


def said(settings: Mapping[str, str], topic: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Read the topic once to where it ends now: type and data of each event, by id, in order per key."""
    consumer = Consumer({**settings, "group.id": "replay-reader", "enable.auto.commit": False})
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    try:
        for head, value in _records(consumer, topic):
            if value is not None:
                found[head["ce_id"].decode()] = head["ce_type"].decode(), orjson.loads(value)
    finally:
        consumer.close()
    return found


def said_at(
    settings: Mapping[str, str], topic: str, event_type: str
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Read the topic once to where it ends now: when it happened and data of one type's events, by id."""
    consumer = Consumer({**settings, "group.id": "replay-reader", "enable.auto.commit": False})
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    try:
        for head, value in _records(consumer, topic):
            if head.get("ce_type") == event_type.encode() and value is not None:
                found[head["ce_id"].decode()] = head["ce_time"].decode(), orjson.loads(value)
    finally:
        consumer.close()
    return found


def behind(settings: Mapping[str, str], group: str, topic: str) -> int:
    """Tell how many records a consumer group has not yet taken from a topic."""
    consumer = Consumer({**settings, "group.id": group, "enable.auto.commit": False})
    try:
        ends = _ends(consumer, topic)
        committed = consumer.committed([TopicPartition(topic, partition) for partition in ends], timeout=10)
        return sum(ends[place.partition] - max(place.offset, 0) for place in committed)
    finally:
        consumer.close()


def _records(consumer: Consumer, topic: str) -> Iterator[tuple[dict[str, bytes], bytes | None]]:
    """Give the headers and value of each record up to where the topic ends now, in order per key."""
    ends = _ends(consumer, topic)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    left = sum(ends.values())
    deadline = time.monotonic() + PATIENCE
    while left > 0 and time.monotonic() < deadline:
        for record in consumer.consume(num_messages=5000, timeout=1.0):
            left -= 1
            yield dict(record.headers() or []), record.value()


def _ends(consumer: Consumer, topic: str) -> dict[int, int]:
    known = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    return {
        partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1]
        for partition in known
    }
