"""The one way to join a consumer group, and the one way to leave it in bounded time."""

import asyncio
from collections.abc import Collection

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener

from shared.messaging.ending import ended_well, started
from shared.messaging.settings import KafkaSettings
from shared.messaging.topics import full_topic, group_name

START_SECONDS = 60.0
LEAVE_SECONDS = 2.0


async def join_group(
    kafka: KafkaSettings, consumer: str, topics: Collection[str], listener: ConsumerRebalanceListener
) -> AIOKafkaConsumer:
    """Connect a member and wait for its first assignment; a new group begins at the topics' beginning.

    Raises:
        KafkaError, TimeoutError, OSError: the broker is away or a topic is missing; nothing is left behind.
    """
    group = group_name(kafka, consumer)
    client = AIOKafkaConsumer(
        **kafka.client_options(),
        client_id=f"linli-{consumer}",
        group_id=group,
        group_instance_id=f"{group}.{kafka.consumer_slot}" if kafka.consumer_slot else None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=6000,
        heartbeat_interval_ms=500,
        rebalance_timeout_ms=15_000,
        request_timeout_ms=20_000,
        fetch_max_wait_ms=500,
        fetch_min_bytes=1,
        metadata_max_age_ms=30_000,
    )
    try:
        client.subscribe([full_topic(kafka, topic) for topic in topics], listener=listener)
        await started(client.start(), START_SECONDS)
    except BaseException:
        await leave_group(client)
        raise
    return client


async def leave_group(client: AIOKafkaConsumer) -> None:
    """Leave in order when the broker answers, at once when it does not.

    `stop()` waits for requests in flight, so with the broker away its tasks are ended one by one; these are
    private attributes of the pinned aiokafka 0.14, and a test counts what is left behind.
    """
    if await ended_well(client.stop(), LEAVE_SECONDS):
        return
    coordinator, fetcher = client._coordinator, client._fetcher  # noqa: SLF001
    tasks = {
        getattr(coordinator, "_coordination_task", None),
        getattr(coordinator, "_heartbeat_task", None),
        getattr(coordinator, "_commit_refresh_task", None),
        getattr(fetcher, "_fetch_task", None),
        *getattr(fetcher, "_pending_tasks", ()),
    } - {None}
    for task in tasks:
        task.cancel()
    await ended_well(client._client.close(), 1)  # noqa: SLF001
    if tasks:
        await asyncio.wait(tasks, timeout=1)
