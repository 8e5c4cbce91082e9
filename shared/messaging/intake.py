"""Takes records in: inbox rows, use cases and what cannot be taken in, all in one transaction."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.database.work import Work, Works
from shared.errors import Handling, is_transient
from shared.faults import crash_point
from shared.messaging import inbox, metrics
from shared.messaging.dead_letters import bury
from shared.messaging.incoming import Incoming
from shared.messaging.parked import blocked_keys, lock_key, park
from shared.messaging.sorting import Refused, Sorted, Taken, by_type, read_item, runs, sort_out
from shared.messaging.subscription import Subscriptions
from shared.telemetry.traces import Step
from shared.telemetry.traces import record as trace

Errors = Mapping[type[BaseException], Handling]


class Intake:
    """One consumer's way of taking in records, the same for Kafka and for redelivery."""

    def __init__(self, consumer: str, works: Works, subscriptions: Subscriptions, errors: Errors) -> None:
        self.consumer = consumer
        self.works = works
        self._subscriptions = subscriptions
        self._facts = by_type(subscriptions)
        self._errors = errors

    def is_transient(self, error: BaseException) -> bool:
        """Tell whether the same records may be taken in later."""
        return is_transient(error, self._errors)

    async def take_in(self, chunk: Sequence[Incoming]) -> None:
        """Take in records of one partition in one transaction: all of them or none.

        Raises:
            Exception: whatever a use case or the database raised.
        """
        began = time.time_ns()
        items = [read_item(record, self._subscriptions, self._facts) for record in chunk]
        keys = {record.key for record in chunk if record.key is not None}
        async with self.works.for_system(f"consumer:{self.consumer}") as work:
            blocked = await blocked_keys(work.connection, self.consumer, chunk[0].topic, keys)
            sorted_out = sort_out(items, blocked)
            fresh = await self._fresh(work, sorted_out.taken)
            for use_case, events in runs(fresh):
                await use_case(work, events)
            for refused in sorted_out.refused:
                await self._bury(work, refused)
            await park(work.connection, self.consumer, sorted_out.parked)
            crash_point("consumer.effect")
        trace(self._steps(fresh), "consumer", began)
        self._count(sorted_out, fresh)

    async def bury(self, record: Incoming, error: Exception) -> None:
        """Make a dead letter of a record that a use case refuses for good."""
        detail = f"{type(error).__name__}: {error}"
        async with self.works.for_system(f"consumer:{self.consumer}") as work:
            await self._bury(work, Refused(record, "use-case", detail))
        metrics.CONSUMED.labels(self._label(record.type), "dead").inc()

    async def put_back(self, work: Work, record: Incoming) -> Refused | None:
        """Take in one record within an open unit of work whose key's lock is held; gives what is wrong."""
        item = read_item(record, self._subscriptions, self._facts)
        if isinstance(item, Refused):
            return item
        if isinstance(item, Taken):
            for use_case, events in runs(await self._fresh(work, [item])):
                await use_case(work, events)
        return None

    async def _bury(self, work: Work, refused: Refused) -> None:
        if (key := refused.incoming.key) is not None:
            await lock_key(work.connection, self.consumer, refused.incoming.topic, key)
        await bury(work, self.consumer, refused)

    async def _fresh(self, work: Work, taken: Sequence[Taken]) -> list[Taken]:
        """Leave out repeats, also those within the chunk."""
        ids = [one.event.id for one in taken if one.subscription.inbox]
        unseen: set[UUID] = await inbox.claim(work.connection, self.consumer, ids)
        fresh = []
        for one in taken:
            if one.subscription.inbox:
                if one.event.id not in unseen:
                    continue
                unseen.remove(one.event.id)
            fresh.append(one)
        return fresh

    def _steps(self, taken: Sequence[Taken]) -> Iterator[Step]:
        for one in taken:
            event = one.event
            attributes = {
                "messaging.system": "kafka",
                "messaging.destination.name": event.topic,
                "messaging.operation.type": "process",
                "messaging.message.id": str(event.id),
                "messaging.consumer.group.name": self.consumer,
            }
            yield Step(f"process {event.type}", event.traceparent, attributes)

    def _count(self, sorted_out: Sorted, fresh: Sequence[Taken]) -> None:
        done = {id(one) for one in fresh}
        outcomes = Counter(
            (one.event.type, "done" if id(one) in done else "repeat") for one in sorted_out.taken
        )
        outcomes.update((skipped.type, "skipped") for skipped in sorted_out.skipped)
        outcomes.update((self._label(one.incoming.type), "dead") for one in sorted_out.refused)
        outcomes.update((self._label(record.type), "parked") for record in sorted_out.parked)
        for labels, times in outcomes.items():
            metrics.CONSUMED.labels(*labels).inc(times)

    def _label(self, event_type: Any) -> str:
        return event_type if event_type in self._facts else "unknown"
