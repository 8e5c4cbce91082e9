"""Sends rows in their order: a lane for each partition, and in each lane one batch in flight."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import asyncpg
from aiokafka import AIOKafkaProducer, TopicPartition

from shared.faults import crash_point
from shared.messaging import metrics
from shared.messaging.partitions import partitions_of
from shared.messaging.wire import RecordBatch, unpack_records
from shared.telemetry.traces import Step, record

BATCH_ROWS = 500
BATCH_BYTES = 1_000_000


class Batch:
    """Rows of one partition that go together; written when they are added, while another is on its way."""

    def __init__(self) -> None:
        self.record_batch = RecordBatch(BATCH_BYTES)
        self.ids: list[int] = []
        self.rows: list[bytes] = []
        self.row_bytes = 0

    def add(self, number: int, key: bytes | None, records: bytes) -> bool:
        """Add a row; tells whether there was room."""
        if len(self.ids) == BATCH_ROWS or not self.record_batch.add(key, records):
            return False
        self.ids.append(number)
        self.rows.append(records)
        self.row_bytes += len(records)
        return True


@dataclass
class Lane:
    """Batches of one partition; `since` (monotonic) is when the one in flight was handed over."""

    partition: TopicPartition
    waiting: deque[Batch] = field(default_factory=deque)
    in_flight: Batch | None = None
    since: float | None = None
    task: asyncio.Task[None] | None = None

    def add(self, number: int, key: bytes | None, records: bytes) -> None:
        """Put a row behind the others."""
        if not (self.waiting and self.waiting[-1].add(number, key, records)):
            self.waiting.append(Batch())
            self.waiting[-1].add(number, key, records)


class Lanes:
    """All rows between being read and being deleted.

    A batch that failed may have been written all the same. Its rows, and those behind them, are released:
    they are still in the outbox and will be read again in order; who receives them drops the repeats.
    `on_acknowledged` is called when rows may be deleted, `on_released` when rows should be read again.
    """

    def __init__(
        self, prefix: str, on_acknowledged: Callable[[], None], on_released: Callable[[], None]
    ) -> None:
        self.in_hand: set[int] = set()
        self.bytes_in_hand = 0
        self.failure: Exception | None = None
        self._prefix = prefix
        self._on_acknowledged = on_acknowledged
        self._on_released = on_released
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._acknowledged: list[int] = []
        self._producer: AIOKafkaProducer | None = None

    def use(self, producer: AIOKafkaProducer) -> None:
        """Send with this producer from now on."""
        self._producer, self.failure = producer, None

    def accept(self, rows: Sequence[asyncpg.Record], partitions: Callable[[str], int | None]) -> set[str]:
        """Queue rows in order; gives the topics whose partitions nobody knows and whose rows were left."""
        found: dict[str, list[Lane]] = {}
        hashed = partitions_of([row["key"] for row in rows], [row["id"] for row in rows])
        for row, place in zip(rows, hashed, strict=True):
            number, topic, key, records, _ = row
            if topic not in found:
                found[topic] = [self._lane(topic, one) for one in range(partitions(topic) or 0)]
            if lanes := found[topic]:
                lanes[place % len(lanes)].add(number, key, records)
                self.in_hand.add(number)
                self.bytes_in_hand += len(records)
        for lane in self._lanes.values():
            self._start(lane)
        return {topic for topic, lanes in found.items() if not lanes}

    def acknowledged(self) -> list[int]:
        """Take the ids that the broker has, to be deleted."""
        taken, self._acknowledged = self._acknowledged, []
        return taken

    def deleted(self, ids: Iterable[int]) -> None:
        """Forget rows that are out of the outbox."""
        self.in_hand.difference_update(ids)

    def keep(self, ids: Iterable[int]) -> None:
        """Take back ids that could not be deleted now."""
        self._acknowledged.extend(ids)

    def release_unsent(self) -> None:
        """Let go of what no batch carries yet: another relay may lead by now."""
        for lane in self._lanes.values():
            self._release(lane.waiting)
            lane.waiting.clear()

    def waiting_since(self) -> tuple[float, TopicPartition] | None:
        """Tell since when (monotonic) the oldest batch waits, and for which partition."""
        waiting = [(lane.since, lane.partition) for lane in self._lanes.values() if lane.since is not None]
        return min(waiting, default=None)

    async def settled(self, seconds: float) -> None:
        """Wait for the batches in flight, but not longer."""
        if tasks := [lane.task for lane in self._lanes.values() if lane.task]:
            await asyncio.wait(tasks, timeout=seconds)

    async def abandon(self) -> None:
        """Let go of all that is not acknowledged; afterwards nothing is on its way."""
        if tasks := [lane.task for lane in self._lanes.values() if lane.task]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for lane in self._lanes.values():  # a task that was cancelled before its first step did not
            self._let_go(lane)

    def _lane(self, topic: str, partition: int) -> Lane:
        if (lane := self._lanes.get((topic, partition))) is None:
            lane = self._lanes[topic, partition] = Lane(TopicPartition(self._prefix + topic, partition))
        return lane

    def _start(self, lane: Lane) -> None:
        if lane.waiting and lane.task is None and self._producer is not None:
            lane.task = asyncio.create_task(self._drain(lane, self._producer))

    async def _drain(self, lane: Lane, producer: AIOKafkaProducer) -> None:
        try:
            while lane.waiting:
                await self._send(lane, producer)
        except Exception as error:  # noqa: BLE001 - counted where the producer is replaced because of it
            self.failure = error
        finally:
            self._let_go(lane)

    def _let_go(self, lane: Lane) -> None:
        lane.task = None
        if lane.in_flight:
            lane.waiting.appendleft(lane.in_flight)
            lane.in_flight = None
        if lane.waiting:
            self._release(lane.waiting)
            lane.waiting.clear()
            self._on_released()

    async def _send(self, lane: Lane, producer: AIOKafkaProducer) -> None:
        lane.in_flight = batch = lane.waiting.popleft()
        # A failure leaves `since` as it is: only what the broker has ends the wait.
        lane.since = lane.since or time.monotonic()
        topic, partition = lane.partition
        began = time.time_ns()
        await (await producer.send_batch(batch.record_batch, topic, partition=partition))
        crash_point("relay.sent")
        lane.since = None
        record(_steps(topic, batch), "producer", began)
        self._acknowledged += batch.ids
        self.bytes_in_hand -= batch.row_bytes
        metrics.PUBLISHED.labels(topic.removeprefix(self._prefix)).inc(batch.record_batch.record_count())
        lane.in_flight = None
        self._on_acknowledged()

    def _release(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self.in_hand.difference_update(batch.ids)
            self.bytes_in_hand -= batch.row_bytes


def _steps(topic: str, batch: Batch) -> Iterator[Step]:
    for headers, _ in chain.from_iterable(map(unpack_records, batch.rows)):
        attributes = {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "messaging.operation.type": "send",
            "messaging.message.id": headers["ce_id"],
        }
        yield Step(f"publish {headers['ce_type']}", headers.get("ce_traceparent"), attributes)
