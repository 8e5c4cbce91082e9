"""Tails see everything, resume where a cursor says, and notice partitions that are added."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from shared.contracts import Event
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.messaging.tail import CursorExpired, Tailed, tail
from tests.messaging.events import event_of, reported
from tests.messaging.foreign import produce

pytestmark = pytest.mark.anyio


def send(kafka: KafkaSettings, count: int) -> list[Event[Any]]:
    events = [event_of(reported()) for _ in range(count)]
    produce(kafka, *(to_record(event) for event in events))
    return events


async def take(tailing: AsyncGenerator[Tailed, None], count: int) -> list[Tailed]:
    async with asyncio.timeout(20):
        return [await anext(tailing) for _ in range(count)]


@asynccontextmanager
async def taking_new(kafka: KafkaSettings, count: int) -> AsyncIterator["asyncio.Task[list[Tailed]]"]:
    """Read from the end, which is known now."""
    opened = asyncio.Event()
    from_end = tail(kafka, ["linli.issues"], start="end", opened=lambda _: opened.set())
    async with aclosing(from_end) as tailing:
        taking = asyncio.create_task(take(tailing, count))
        await asyncio.wait_for(opened.wait(), 20)
        yield taking


def ids(events: Sequence[Event[Any] | Tailed]) -> set[object]:
    return {one.event.id if isinstance(one, Tailed) else one.id for one in events}


async def test_from_the_beginning_from_the_end_and_behind_a_cursor(kafka_settings: KafkaSettings) -> None:
    before = send(kafka_settings, 30)
    async with aclosing(
        tail(kafka_settings, ["linli.issues", "linli.notify"], start="beginning")
    ) as all_of_it:
        seen = await take(all_of_it, 30)
    assert ids(seen) == ids(before)
    async with taking_new(kafka_settings, 5) as waiting:
        after = send(kafka_settings, 5)
        assert ids(await waiting) == ids(after)
    cursor = seen[9].cursor
    async with aclosing(tail(kafka_settings, ["linli.issues", "linli.notify"], start=cursor)) as resumed:
        assert ids(await take(resumed, 25)) == ids([*seen[10:], *after])


async def test_what_is_no_event_is_passed_over(kafka_settings: KafkaSettings) -> None:
    topic = f"{kafka_settings.topic_prefix}linli.issues"
    producer = Producer({"bootstrap.servers": kafka_settings.bootstrap_servers})
    producer.produce(topic, b"rubbish", key=b"k")
    producer.produce(topic, None, key=b"k")
    producer.flush(10)
    event = send(kafka_settings, 1)
    async with aclosing(tail(kafka_settings, ["linli.issues"], start="beginning")) as tailing:
        assert ids(await take(tailing, 1)) == ids(event)


async def test_added_partitions_are_read_from_their_beginning(kafka_settings: KafkaSettings) -> None:
    topic = f"{kafka_settings.topic_prefix}linli.issues"
    async with taking_new(kafka_settings, 60) as waiting:
        admin = AdminClient({"bootstrap.servers": kafka_settings.bootstrap_servers})
        admin.create_partitions([NewPartitions(topic, 8)])[topic].result()
        await asyncio.sleep(0.5)
        events = send(kafka_settings, 60)
        assert ids(await waiting) == ids(events)


@pytest.mark.parametrize("cursor", ["rubbish", "", "e30x", "WzFd", "eyJsaW5saS5pc3N1ZXMiOnsiMCI6OTk5fX0"])
async def test_a_cursor_that_leads_nowhere_says_so(kafka_settings: KafkaSettings, cursor: str) -> None:
    async with aclosing(tail(kafka_settings, ["linli.issues"], start=cursor)) as tailing:
        with pytest.raises(CursorExpired):
            await take(tailing, 1)


async def test_a_topic_or_broker_that_is_not_there_is_told(kafka_settings: KafkaSettings) -> None:
    async with aclosing(tail(kafka_settings, ["linli.nowhere"], start="end")) as nowhere:
        with pytest.raises(KafkaError):
            await take(nowhere, 1)
    away = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    async with aclosing(tail(away, ["linli.issues"], start="end")) as unreachable:
        with pytest.raises((KafkaError, OSError)):
            await take(unreachable, 1)
