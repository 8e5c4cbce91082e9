"""Leaving a group is bounded and leaves nothing behind, with the broker there or away."""

import asyncio
from time import monotonic

import pytest
from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from shared.messaging.group_member import join_group, leave_group
from shared.messaging.settings import KafkaSettings
from tests.messaging.test_producer import tasks_left, unused_port

pytestmark = pytest.mark.anyio


class Nothing(ConsumerRebalanceListener):  # type: ignore[misc]
    def on_partitions_revoked(self, revoked: object) -> None: ...

    def on_partitions_assigned(self, assigned: object) -> None: ...


@pytest.mark.parametrize("away", [False, True])
async def test_leaving_is_bounded_and_clean(kafka_settings: KafkaSettings, away: bool) -> None:
    before = await tasks_left()
    client = await join_group(kafka_settings, "tester", ["linli.issues"], Nothing())
    await client.getmany(timeout_ms=100)
    if away:
        for node in client._client.cluster.brokers():
            client._client.cluster._brokers[node.nodeId] = node._replace(port=unused_port())
        for connection in list(client._client._conns.values()):
            connection.close()
        await asyncio.sleep(0.5)
    began = monotonic()
    await leave_group(client)
    assert monotonic() - began < (4.5 if away else 1)
    assert await tasks_left() == before


async def test_a_broker_that_is_away_is_an_error_and_leaves_nothing_behind(
    kafka_settings: KafkaSettings,
) -> None:
    before = await tasks_left()
    away = kafka_settings.model_copy(update={"bootstrap_servers": f"127.0.0.1:{unused_port()}"})
    with pytest.raises((KafkaError, OSError)):
        await join_group(away, "tester", ["linli.issues"], Nothing())
    assert await tasks_left() == before
