"""The one way to make a Kafka producer, and the one way to be rid of it.

An idempotent producer of aiokafka has no delivery deadline: while the broker is away its batches wait, and
then arrive once and in order. `stop()` waits with them, so what must end is dropped instead.
"""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerClosed

from shared.messaging.ending import ended_well, started
from shared.messaging.settings import KafkaSettings


class _Pending(set[object]):
    """A batch that fails while it waits for its next attempt is taken out twice."""

    def remove(self, batch: object) -> None:
        self.discard(batch)


async def open_producer(kafka: KafkaSettings) -> AIOKafkaProducer:
    """Connect a producer.

    Raises:
        KafkaError, TimeoutError, OSError: the broker is away or refuses; nothing is left behind.
    """
    producer = AIOKafkaProducer(
        **kafka.client_options(),
        client_id="linli-relay",
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        request_timeout_ms=5000,
        retry_backoff_ms=100,
        metadata_max_age_ms=60_000,
    )
    try:
        await started(producer.start())
    except BaseException:
        await drop_producer(producer)
        raise
    return producer


async def drop_producer(producer: AIOKafkaProducer) -> None:
    """End a producer at once, whatever it has in flight; those batches fail, written or not.

    aiokafka 0.14 has no public way that neither hangs nor leaks while the broker is away, so this reaches
    inside it; the version is pinned and a test counts what is left behind.
    """
    producer._closed = True  # noqa: SLF001
    accumulator = producer._message_accumulator  # noqa: SLF001
    accumulator._closed = True  # noqa: SLF001
    sender = producer._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
    accumulator._pending_batches = _Pending(accumulator._pending_batches)  # noqa: SLF001
    accumulator.fail_all(ProducerClosed())
    await ended_well(producer.client.close(), 1)
    # The first cancellation makes the sender wait for its requests; each further one ends one of them.
    while sender is not None and not sender.done():
        sender.cancel()
        await asyncio.wait([sender], timeout=0.05)
