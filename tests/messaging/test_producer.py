"""The hard drop: it ends at once and leaves nothing behind, whatever was in flight."""

import asyncio
import gc
import socket

import pytest
from aiokafka.errors import KafkaError

from shared.messaging.producer import drop_producer, open_producer
from shared.messaging.settings import KafkaSettings

pytestmark = pytest.mark.anyio


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


def unused_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
