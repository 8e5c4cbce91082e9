"""A producer is replaced when it cannot go on, and only then; its rows go out again in order."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber

from deploy.embedded.databases import DatabaseUrls
from shared.database.work import Works
from shared.messaging import publishing
from shared.messaging.producer import open_producer
from shared.messaging.relay import Relay
from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import ReadTopic
from tests.messaging.events import resolved
from tests.messaging.running import running, until

pytestmark = pytest.mark.anyio


async def sends_nothing(_batch: Any, _topic: str, *, partition: int) -> asyncio.Future[None]:  # noqa: ARG001
    return asyncio.get_running_loop().create_future()


async def sends_and_fails(producer: AIOKafkaProducer, batch: Any, topic: str, partition: int) -> Any:
    await (await AIOKafkaProducer.send_batch(producer, batch, topic, partition=partition))
    raise OutOfOrderSequenceNumber


def sabotage_first(
    monkeypatch: pytest.MonkeyPatch, sabotage: Callable[[AIOKafkaProducer], None]
) -> list[AIOKafkaProducer]:
    """Spoil the first producer that the relay opens; gives all that it opens."""
    opened: list[AIOKafkaProducer] = []

    async def open_and_spoil(kafka: KafkaSettings) -> AIOKafkaProducer:
        producer = await open_producer(kafka)
        if not opened:
            sabotage(producer)
        opened.append(producer)
        return producer

    monkeypatch.setattr(publishing, "open_producer", open_and_spoil)
    return opened


async def emit_lives(works: Works) -> None:
    names, community = [uuid4() for _ in range(20)], uuid4()
    for sequence in range(1, 6):
        async with works.for_request("tester", community) as work:
            for name in names:
                work.emit(resolved(name), sequence=sequence)


async def drained(works: Works) -> bool:
    return not await works.database.system.fetchval("SELECT EXISTS (SELECT FROM outbox)")


def sequences(read_topic: ReadTopic, expected: int) -> list[list[bytes]]:
    """The sequences of each key in the order of the topic, repeats left out."""
    found: dict[Any, list[bytes]] = defaultdict(list)
    for message in read_topic("linli.issues", expected):
        sequence = dict(message.headers() or [])["ce_sequence"]
        assert isinstance(sequence, bytes)
        if sequence not in found[message.key()]:
            found[message.key()].append(sequence)
    return list(found.values())


async def test_a_producer_that_stays_stuck_while_the_broker_is_well_is_replaced(
    urls: DatabaseUrls,
    works: Works,
    kafka_settings: KafkaSettings,
    read_topic: ReadTopic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("LATE_SECONDS", 0.3), ("PROBE_SECONDS", 0.2), ("STUCK_SECONDS", 1.0)):
        monkeypatch.setattr(publishing, name, seconds)
    opened = sabotage_first(
        monkeypatch, lambda producer: monkeypatch.setattr(producer, "send_batch", sends_nothing)
    )
    await emit_lives(works)
    async with running(Relay(urls.system_url, kafka_settings).run()):
        await until(lambda: drained(works))
        assert len(opened) == 2
    assert (
        await asyncio.to_thread(sequences, read_topic, 100)
        == [[str(number).zfill(19).encode() for number in range(1, 6)]] * 20
    )


async def test_rows_of_a_batch_that_failed_go_out_again_in_order(
    urls: DatabaseUrls,
    works: Works,
    kafka_settings: KafkaSettings,
    read_topic: ReadTopic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def spoil(producer: AIOKafkaProducer) -> None:
        async def send(batch: Any, topic: str, *, partition: int) -> Any:
            return await sends_and_fails(producer, batch, topic, partition)

        monkeypatch.setattr(producer, "send_batch", send)

    opened = sabotage_first(monkeypatch, spoil)
    await emit_lives(works)
    async with running(Relay(urls.system_url, kafka_settings).run()):
        await until(lambda: drained(works))
        assert len(opened) == 2
    # Written by the producer that failed and again by the next: repeats, but no other order.
    assert (
        await asyncio.to_thread(sequences, read_topic, 200)
        == [[str(number).zfill(19).encode() for number in range(1, 6)]] * 20
    )
