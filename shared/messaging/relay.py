"""Takes records from one database's outbox to Kafka: all that is committed, in order, at least once."""

import asyncio
from contextlib import suppress

from shared.errors import DATABASE_ERRORS
from shared.faults import crash_point
from shared.messaging import metrics
from shared.messaging.lanes import Lanes
from shared.messaging.leadership import leading
from shared.messaging.outbox_rows import OutboxRows
from shared.messaging.publishing import Publishing
from shared.messaging.settings import KafkaSettings
from shared.telemetry.logs import log

POLL_SECONDS = 1.0
ROWS_IN_HAND = 6_000
BYTES_IN_HAND = 24_000_000
LAST_ACKS_SECONDS = 1.0
RETRY_SECONDS = (0.2, 5.0)


class Relay:
    """Publishes while `run` runs and no other relay leads; `wake` makes it look at once, after a commit."""

    def __init__(self, dsn: str, kafka: KafkaSettings) -> None:
        self._dsn = dsn
        self._turn = asyncio.Event()
        self._rows_wanted = True
        self._again = False
        self._pause = RETRY_SECONDS[0]
        self._lanes = Lanes(kafka.topic_prefix, self._turn.set, self._read_again)
        self._publishing = Publishing(kafka, self._lanes, self._read_again)

    def wake(self) -> None:
        """Say that there are rows; cheap, from the loop's own thread."""
        self._rows_wanted = True
        self._turn.set()

    def _read_again(self) -> None:
        self._again = True
        self.wake()

    async def run(self) -> None:
        """Publish until cancelled; a database or broker that is away is waited for."""
        publishing = asyncio.create_task(self._publishing.run(), name="relay-publishing")
        reading = asyncio.create_task(self._lead_again_and_again(), name="relay-reading")
        try:
            done, _ = await asyncio.wait({publishing, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            # In this order: the last acknowledgements need the producer.
            for task in (reading, publishing):
                task.cancel()
                await asyncio.wait({task})

    async def _lead_again_and_again(self) -> None:
        while True:
            try:
                async with leading(self._dsn) as connection:
                    self._pause = RETRY_SECONDS[0]
                    await self._publish(OutboxRows(connection))
            except DATABASE_ERRORS as error:
                metrics.RELAY_FAILURES.labels(type(error).__name__).inc()
                log.warning("relay_lost_database", error=repr(error), retry_seconds=self._pause)
                self._lanes.release_unsent()
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, RETRY_SECONDS[1])

    async def _publish(self, outbox: OutboxRows) -> None:
        self._rows_wanted = True
        try:
            while True:
                self._turn.clear()
                await self._delete(outbox)
                await self._read(outbox)
                await outbox.count()
                try:
                    await asyncio.wait_for(self._turn.wait(), POLL_SECONDS)
                except TimeoutError:
                    self._rows_wanted = True
        except asyncio.CancelledError:
            self._lanes.release_unsent()
            await self._lanes.settled(LAST_ACKS_SECONDS)
            with suppress(*DATABASE_ERRORS):
                await self._delete(outbox)
            raise

    async def _delete(self, outbox: OutboxRows) -> None:
        if not (ids := self._lanes.acknowledged()):
            return
        try:
            await outbox.delete(ids)
        except BaseException:
            self._lanes.keep(ids)
            raise
        self._lanes.deleted(ids)

    async def _read(self, outbox: OutboxRows) -> None:
        lanes = self._lanes
        full = len(lanes.in_hand) >= ROWS_IN_HAND or lanes.bytes_in_hand >= BYTES_IN_HAND
        if full or not (self._rows_wanted or outbox.in_pass):
            return
        if self._again:
            outbox.restart()
        if not outbox.in_pass:
            self._rows_wanted = self._again = False
        rows = await outbox.read(lanes.in_hand, self._publishing.absent)
        if self._again:
            return  # what was released meanwhile comes before these rows
        if rows:
            crash_point("relay.read")
        for topic in lanes.accept(rows, self._publishing.partitions):
            self._publishing.look_for(topic)
        if outbox.in_pass:
            self._turn.set()
