"""The hard drop: it ends at once and leaves nothing behind, whatever was in flight."""

import asyncio
import gc
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from stat import S_ISSOCK
from typing import Any

import pytest
from aiokafka import ConsumerRebalanceListener
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from shared.messaging.group_member import join_group
from shared.messaging.producer import drop_producer, open_producer
from shared.messaging.settings import KafkaSettings

pytestmark = pytest.mark.anyio


Opening = Callable[[KafkaSettings], Coroutine[Any, Any, object]]


class Deaf(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    async def on_partitions_revoked(self, revoked: Any) -> None: ...

    async def on_partitions_assigned(self, assigned: Any) -> None: ...


def open_member(kafka: KafkaSettings) -> Coroutine[Any, Any, object]:
    return join_group(kafka, "notify", ["linli.issues"], Deaf())


async def tasks_left() -> set[str]:
    await asyncio.sleep(0.05)
    gc.collect()
    return {repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def test_an_idle_producer_is_dropped_without_a_trace(kafka_settings: KafkaSettings) -> None:
    before = await tasks_left()
    for _ in range(5):
        producer = await open_producer(kafka_settings)
        await producer.partitions_for(f"{kafka_settings.topic_prefix}linli.issues")
        await drop_producer(producer)
    assert await tasks_left() == before


async def test_batches_in_flight_fail_at_once(kafka_settings: KafkaSettings) -> None:
    before = await tasks_left()
    topic = f"{kafka_settings.topic_prefix}linli.issues"
    for _ in range(5):
        producer = await open_producer(kafka_settings)
        await producer.partitions_for(topic)
        for node in producer.client.cluster.brokers():
            # From now on the broker is "away": the port that metadata names is nobody's.
            producer.client.cluster._brokers[node.nodeId] = node._replace(port=unused_port())
        for connection in list(producer.client._conns.values()):
            connection.close()
        batch = producer.create_batch()
        batch.append(timestamp=None, key=b"k", value=b"v")
        sent = await producer.send_batch(batch, topic, partition=0)
        await asyncio.sleep(0.3)
        assert not sent.done()
        async with asyncio.timeout(3):
            await drop_producer(producer)
        with pytest.raises(KafkaError):
            await sent
    assert await tasks_left() == before


async def test_a_broker_that_is_away_leaves_nothing_behind_either() -> None:
    before = await tasks_left()
    with pytest.raises((KafkaError, OSError)):
        await open_producer(KafkaSettings(bootstrap_servers=f"127.0.0.1:{unused_port()}"))
    assert await tasks_left() == before


@pytest.mark.parametrize("client", [open_producer, open_member])
async def test_a_start_that_is_given_up_leaves_no_connection(
    kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch, client: Opening
) -> None:
    """aiokafka knows the connection that it bootstraps on by a local variable alone."""
    asked, send = asyncio.Event(), AIOKafkaConnection.send

    def ask(connection: AIOKafkaConnection, request: Any, **options: Any) -> Any:
        if isinstance(request, MetadataRequest):
            asked.set()
        return send(connection, request, **options)

    monkeypatch.setattr(AIOKafkaConnection, "send", ask)
    before = await tasks_left(), sockets()
    for _ in range(5):
        opening = asyncio.create_task(client(kafka_settings))
        await asked.wait()
        asked.clear()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    assert (await tasks_left(), sockets()) == before


def sockets() -> int:
    """Count this process's open sockets."""
    opened = Path("/proc/self/fd").iterdir()
    return sum(S_ISSOCK(number.stat().st_mode) for number in opened if number.exists())


def unused_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
