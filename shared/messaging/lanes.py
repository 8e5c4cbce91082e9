"""Sends rows in their order: a lane for each partition, and in each lane one batch in flight."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.faults import crash_point
from shared.messaging import metrics
from shared.messaging.partitions import partitions_of
from shared.telemetry.traces import Step, record

BATCH_ROWS = 500

Row = tuple[int, bytes | None, str, bytes]
"""Id, key, headers as JSON, value: unpacked where they are needed, while a Record looks each up by name."""


@dataclass
class Lane:
    """Rows of one partition; `since` (monotonic) is when the batch in flight was handed over."""

    partition: TopicPartition
    rows: deque[Row] = field(default_factory=deque)
    in_flight: list[Row] = field(default_factory=list)
    since: float | None = None
    task: asyncio.Task[None] | None = None


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
        counts: dict[str, int | None] = {}
        hashed = partitions_of([row["key"] for row in rows], [row["id"] for row in rows])
        for row, place in zip(rows, hashed, strict=True):
            number, topic, key, headers, value, _ = row
            if topic not in counts:
                counts[topic] = partitions(topic)
            if (count := counts[topic]) is None:
                continue
            self._lane(topic, place % count).rows.append((number, key, headers, value))
            self.in_hand.add(number)
            self.bytes_in_hand += len(value)
        for lane in self._lanes.values():
            self._start(lane)
        return {topic for topic, count in counts.items() if count is None}

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
            self._release(lane.rows)
            lane.rows.clear()

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
        if lane.rows and lane.task is None and self._producer is not None:
            lane.task = asyncio.create_task(self._drain(lane, self._producer))

    async def _drain(self, lane: Lane, producer: AIOKafkaProducer) -> None:
        try:
            while lane.rows:
                await self._send(lane, producer)
        except Exception as error:  # noqa: BLE001 - counted where the producer is replaced because of it
            self.failure = error
        finally:
            self._let_go(lane)

    def _let_go(self, lane: Lane) -> None:
        lane.task = None
        if lane.in_flight or lane.rows:
            self._release((*lane.in_flight, *lane.rows))
            lane.in_flight.clear()
            lane.rows.clear()
            self._on_released()

    async def _send(self, lane: Lane, producer: AIOKafkaProducer) -> None:
        batch = _fill(producer, lane)
        # A failure leaves `since` as it is: only what the broker has ends the wait.
        lane.since = lane.since or time.monotonic()
        topic, partition = lane.partition
        began = time.time_ns()
        await (await producer.send_batch(batch, topic, partition=partition))
        crash_point("relay.sent")
        lane.since = None
        record(_steps(topic, lane.in_flight), "producer", began)
        self._acknowledged += [row[0] for row in lane.in_flight]
        self.bytes_in_hand -= sum([len(row[3]) for row in lane.in_flight])
        metrics.PUBLISHED.labels(topic.removeprefix(self._prefix)).inc(len(lane.in_flight))
        lane.in_flight.clear()
        self._on_acknowledged()

    def _release(self, rows: Iterable[Row]) -> None:
        for number, _, _, value in rows:
            self.in_hand.discard(number)
            self.bytes_in_hand -= len(value)


def _steps(topic: str, rows: Sequence[Row]) -> Iterator[Step]:
    for _, _, packed, _ in rows:
        headers = orjson.loads(packed)
        attributes = {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "messaging.operation.type": "send",
            "messaging.message.id": headers["ce_id"],
        }
        yield Step(f"publish {headers['ce_type']}", headers.get("ce_traceparent"), attributes)


def _fill(producer: AIOKafkaProducer, lane: Lane) -> BatchBuilder:
    batch = producer.create_batch()
    while lane.rows and len(lane.in_flight) < BATCH_ROWS:
        _, key, packed, value = lane.rows[0]
        headers = [(name, text.encode()) for name, text in orjson.loads(packed).items()]
        if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            break
        lane.in_flight.append(lane.rows.popleft())
    batch.close()
    return batch
