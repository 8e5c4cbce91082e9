"""Keeps a producer at work: opens it, watches whether rows get out, replaces it only when it is stuck."""

import asyncio
import time
from collections.abc import Callable

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from shared.messaging import metrics
from shared.messaging.lanes import Lanes
from shared.messaging.producer import drop_producer, open_producer
from shared.messaging.settings import KafkaSettings
from shared.messaging.topics import full_topic
from shared.telemetry.logs import log

WATCH_SECONDS = 0.5
LATE_SECONDS = 5.0
PROBE_SECONDS = 5.0
# A producer that is well has tried three times within this, once the broker answers.
STUCK_SECONDS = 16.0


class Publishing:
    """The producer behind the lanes, and what it knows of topics; `absent` ones are being looked for.

    `on_found` is called when rows that were left in the outbox should be read again.
    """

    def __init__(self, kafka: KafkaSettings, lanes: Lanes, on_found: Callable[[], None]) -> None:
        self.absent: dict[str, float] = {}
        self._kafka = kafka
        self._lanes = lanes
        self._on_found = on_found
        self._producer: AIOKafkaProducer | None = None
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._silent = False
        self._probed_at = 0.0
        self._well_since: float | None = None

    def partitions(self, topic: str) -> int | None:
        """Give a topic's number of partitions as far as it is known now."""
        if self._producer is None or self._lanes.failure is not None:
            return None
        known = self._producer.client.cluster.partitions_for_topic(full_topic(self._kafka, topic))
        return len(known) if known else None

    def look_for(self, topic: str) -> None:
        """Find out about a topic in the background; meanwhile its rows stay in the outbox."""
        self.absent.setdefault(topic, time.monotonic())
        if self._producer is not None and topic not in self._looking:
            self._looking[topic] = asyncio.create_task(self._look_for(topic, self._producer))

    async def run(self) -> None:
        """Keep a producer until cancelled, then drop it."""
        try:
            while True:
                await self._open()
                while not await self._is_stuck():  # noqa: ASYNC110
                    await asyncio.sleep(WATCH_SECONDS)
                await self._close()
        finally:
            await self._close()

    async def _open(self) -> None:
        pause = 0.2
        while self._producer is None:
            try:
                self._producer = await open_producer(self._kafka)
            except (KafkaError, OSError, TimeoutError) as error:
                self._watch(repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 2.0)
        self._well_since = None
        self._lanes.use(self._producer)
        for topic in list(self.absent):
            self.look_for(topic)
        self._on_found()

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        for task in self._looking.values():
            task.cancel()
        self._looking.clear()
        if producer is not None:
            await drop_producer(producer)
            # Only when all is released may anything be read again, or a key's later row would overtake.
            await self._lanes.abandon()

    async def _look_for(self, topic: str, producer: AIOKafkaProducer) -> None:
        while True:
            try:
                await producer.partitions_for(full_topic(self._kafka, topic))
            except KafkaError:
                await asyncio.sleep(1)
                continue
            if self.partitions(topic) is not None:
                break
            await asyncio.sleep(0.2)
        self._looking.pop(topic, None)
        self.absent.pop(topic, None)
        self._on_found()

    async def _is_stuck(self) -> bool:
        self._watch()
        if (failure := self._lanes.failure) is not None:
            metrics.RELAY_FAILURES.labels(type(failure).__name__).inc()
            log.warning("relay_batch_failed", error=repr(failure))
            await asyncio.sleep(WATCH_SECONDS)
            return True
        now = time.monotonic()
        waiting = self._lanes.waiting_since()
        if waiting is None or now - waiting[0] < LATE_SECONDS:
            self._well_since = None
            return False
        if now - self._probed_at > PROBE_SECONDS:
            self._probed_at = now
            self._well_since = (self._well_since or now) if await self._leads(waiting[1]) else None
        return self._well_since is not None and now - max(self._well_since, waiting[0]) > STUCK_SECONDS

    async def _leads(self, partition: TopicPartition) -> bool:
        """Ask whether the broker answers and the partition has a leader."""
        if self._producer is None:
            return False
        try:
            cluster = await asyncio.wait_for(self._producer.client.fetch_all_metadata(), 3)
        except (KafkaError, OSError, TimeoutError):
            return False
        return cluster.leader_for_partition(partition) not in (None, -1)

    def _watch(self, error: str | None = None) -> None:
        """Say once when rows do not get out, and once when they do again."""
        late = time.monotonic() - LATE_SECONDS
        waiting = self._lanes.waiting_since()
        absent = [topic for topic, since in self.absent.items() if since < late]
        silent = bool(absent) or (waiting is not None and waiting[0] < late)
        if silent and not self._silent:
            partition = str(waiting[1]) if waiting else None
            log.warning("relay_not_publishing", partition=partition, absent_topics=absent, error=error)
        elif self._silent and not silent:
            log.info("relay_publishing_again")
        self._silent = silent
        metrics.NOT_PUBLISHING.set(silent)
