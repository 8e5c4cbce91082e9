"""Takes events from Kafka into one service: a partition's chunk is the unit of commit.

Offsets are committed after the effect, explicitly, so a crash repeats and never loses. What fails for the
moment holds back its partition in place; what fails for good becomes a dead letter; the rest flows. The
partitions are dealt to a few lanes: this process decides in one while the server writes what others decided.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared.database.work import Works
from shared.faults import crash_point
from shared.messaging import metrics
from shared.messaging.group_member import join_group, leave_group
from shared.messaging.holds import Holds
from shared.messaging.incoming import Incoming, incoming_of
from shared.messaging.intake import Errors, Intake
from shared.messaging.settings import KafkaSettings
from shared.messaging.subscription import Subscriptions
from shared.messaging.topics import plain_topic
from shared.telemetry.logs import log

LANES = 4
CHUNK_RECORDS = 500
POLL_SECONDS = 0.5
# Together well below max_poll_interval_ms (300 s), after which the group would give the partitions away.
CHUNK_SECONDS = 30.0
ONE_BY_ONE_SECONDS = 15.0
COMMIT_SECONDS = 5.0
REVOKE_SECONDS = 10.0
RECONNECT_SECONDS = (0.5, 10.0)


class Consumer:
    """One member of the service's consumer group; `run` waits for a broker or database that is away."""

    def __init__(
        self, name: str, works: Works, kafka: KafkaSettings, subscriptions: Subscriptions, errors: Errors
    ) -> None:
        """Prepare a consumer.

        Raises:
            ValueError: a service must not consume its own topic.
        """
        self._topics = sorted({fact.topic for fact in subscriptions})
        if f"linli.{name}" in self._topics:
            raise ValueError(f"{name} subscribes to its own topic")
        self._name = name
        self._kafka = kafka
        self._intake = Intake(name, works, subscriptions, errors)
        self._holds = Holds()
        self._assignment = 0
        # Each is held while its lane takes a chunk in, never round getmany: the rebalance listener waits.
        self._busy = [asyncio.Lock() for _ in range(LANES)]

    async def run(self) -> None:
        """Take in events until cancelled."""
        pause = RECONNECT_SECONDS[0]
        while True:
            began = monotonic()
            try:
                await self._membership()
            except Exception as failure:  # noqa: BLE001 - the loop's edge: counted, told, and tried again
                error = _first_of(failure)
                metrics.CONSUMER_FAILURES.labels(type(error).__name__).inc()
                log.warning("consumer_restarts", consumer=self._name, error=repr(error), seconds=pause)
            if monotonic() - began > 60:
                pause = RECONNECT_SECONDS[0]
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, RECONNECT_SECONDS[1])

    async def _membership(self) -> None:
        listener = _Listener(self)
        client = await join_group(self._kafka, self._name, self._topics, listener)
        listener.client = client
        try:
            async with asyncio.TaskGroup() as lanes:
                for lane in range(LANES):
                    lanes.create_task(self._follow(client, lane))
        finally:
            self._holds.clear()
            await leave_group(client)

    async def _follow(self, client: AIOKafkaConsumer, lane: int) -> None:
        while True:
            client.resume(*self._holds.due() & client.assignment())
            seconds = self._holds.seconds_until_due(POLL_SECONDS)
            if mine := sorted(client.assignment())[lane::LANES]:
                await self._round(client, lane, mine, seconds)
            else:  # asked for none, getmany would give all
                await asyncio.sleep(seconds)

    async def _round(
        self, client: AIOKafkaConsumer, lane: int, mine: Sequence[TopicPartition], seconds: float
    ) -> None:
        chunks = await client.getmany(*mine, timeout_ms=int(seconds * 1000), max_records=CHUNK_RECORDS)
        assignment = self._assignment
        for partition, records in chunks.items():
            async with self._busy[lane]:
                # After a rebalance everything not committed is handed out anew, to whoever it belongs to.
                if assignment != self._assignment:
                    return
                topic = plain_topic(self._kafka, partition.topic)
                await self._take(client, partition, incoming_of(topic, records))

    async def _take(
        self, client: AIOKafkaConsumer, partition: TopicPartition, chunk: Sequence[Incoming]
    ) -> None:
        done, error = await self._take_in(chunk)
        if done:
            self._holds.release(partition)
            crash_point("consumer.committed")
            await self._commit(client, {partition: chunk[done - 1].offset + 1})
        if done < len(chunk) and partition in client.assignment():
            client.seek(partition, chunk[done].offset)
            if error is not None:
                client.pause(partition)
                seconds = self._holds.hold(partition)
                where = {"topic": partition.topic, "partition": partition.partition}
                log.warning(
                    "consumer_waits", error=repr(error), seconds=seconds, offset=chunk[done].offset, **where
                )

    async def _take_in(self, chunk: Sequence[Incoming]) -> tuple[int, Exception | None]:
        """Give how many records are done, and the transient error that stopped the next one, if any."""
        try:
            async with asyncio.timeout(CHUNK_SECONDS):
                await self._intake.take_in(chunk)
        except Exception as error:  # noqa: BLE001 - counted; each event then tells for itself
            metrics.CONSUMER_FAILURES.labels(type(error).__name__).inc()
        else:
            return len(chunk), None
        until = monotonic() + ONE_BY_ONE_SECONDS
        for done, record in enumerate(chunk):
            if monotonic() > until:
                return done, None
            if (stopped := await self._take_one(record)) is not None:
                return done, stopped
        return len(chunk), None

    async def _take_one(self, record: Incoming) -> Exception | None:
        try:
            async with asyncio.timeout(CHUNK_SECONDS):
                await self._intake.take_in([record])
        except Exception as error:  # noqa: BLE001 - counted as a dead letter, or waited for
            if self._intake.is_transient(error):
                return error
            log.exception(
                "record_refused", topic=record.topic, partition=record.partition, offset=record.offset
            )
            return await self._bury(record, error)
        return None

    async def _bury(self, record: Incoming, error: Exception) -> Exception | None:
        try:
            await self._intake.bury(record, error)
        except Exception as burial:  # noqa: BLE001 - nothing may be lost: wait, whatever it is
            metrics.CONSUMER_FAILURES.labels(type(burial).__name__).inc()
            return burial
        return None

    async def _commit(self, client: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await client.commit(dict(offsets))
        except (KafkaError, TimeoutError) as error:
            # The effect is committed: the next commit covers this one, or the inbox knows the repeats.
            metrics.CONSUMER_FAILURES.labels(type(error).__name__).inc()
            log.info("consumer_offset_not_committed", error=repr(error))

    async def revoked(self) -> None:
        """Let the chunks under way finish, within bounds, before their partitions go to another member."""
        try:
            async with asyncio.timeout(REVOKE_SECONDS), AsyncExitStack() as idle:
                for busy in self._busy:
                    await idle.enter_async_context(busy)
                self._assignment += 1
        except TimeoutError:
            self._assignment += 1

    def assigned(self, client: AIOKafkaConsumer | None, partitions: set[TopicPartition]) -> None:
        """Hold back again what a rebalance let loose."""
        self._holds.keep_only(partitions)
        if client is not None and (held := self._holds.waiting()):
            client.pause(*held)


def _first_of(failure: Exception) -> Exception:
    """Give what ended a lane: a group of them says nothing to an operator."""
    return _first_of(failure.exceptions[0]) if isinstance(failure, ExceptionGroup) else failure


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    def __init__(self, consumer: Consumer) -> None:
        self.client: AIOKafkaConsumer | None = None
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002
        await self._consumer.revoked()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._consumer.assigned(self.client, set(assigned))
