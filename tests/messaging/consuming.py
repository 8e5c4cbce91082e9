"""A service in small: use cases that leave one row for each event, and fail when they are told to."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prometheus_client import REGISTRY

from shared.contracts import Event, Fact, IssueAssigned, IssueReported, IssueResolved, PlaceRegistered
from shared.database.work import Work, Works
from shared.messaging.consumer import Consumer
from shared.messaging.redeliver import Redelivery
from shared.messaging.settings import KafkaSettings
from shared.messaging.subscription import Subscription
from tests.messaging.running import running

_INSERT = """
INSERT INTO effects (event_id, subject, sequence, type)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[])
"""


class Refusal(Exception):
    """Something that no repeat will mend."""


@dataclass
class Service:
    """Takes in facts by two use cases; `trouble` has the error for a case and how often (-1: always)."""

    works: Works
    kafka: KafkaSettings
    name: str = "notify"
    trouble: dict[str, tuple[Exception, int]] = field(default_factory=dict)
    calls: list[list[Event[Any]]] = field(default_factory=list)

    async def write_down(self, work: Work, events: Sequence[Event[Any]]) -> None:
        self.calls.append(list(events))
        await work.connection.execute(
            _INSERT,
            [event.id for event in events],
            [event.subject for event in events],
            [event.sequence for event in events],
            [event.type for event in events],
        )
        for event in events:
            error, times = self.trouble.get(event.subject, (None, 0))
            if error is not None and times:
                self.trouble[event.subject] = (error, times - 1)
                raise error

    async def write_down_too(self, work: Work, events: Sequence[Event[Any]]) -> None:
        await self.write_down(work, events)

    @property
    def subscriptions(self) -> dict[type[Fact], Subscription]:
        both = Subscription(self.write_down)
        return {
            IssueReported: both,
            IssueResolved: both,
            IssueAssigned: Subscription(self.write_down_too),
            PlaceRegistered: Subscription(self.write_down_too, inbox=False),
        }

    def consumer(self) -> Consumer:
        return Consumer(self.name, self.works, self.kafka, self.subscriptions, {})

    def running(self) -> AbstractAsyncContextManager[None]:
        return running(self.consumer().run())

    def redelivery(self) -> Redelivery:
        return Redelivery.of(self.name, self.works, self.subscriptions, {})

    async def effects(self) -> list[tuple[str, int]]:
        """Subject and sequence of what took effect, in the order in which it did."""
        rows = await self.works.database.system.fetch("SELECT subject, sequence FROM effects ORDER BY place")
        return [(row["subject"], row["sequence"]) for row in rows]

    async def has_effects(self, count: int) -> bool:
        return len(await self.effects()) >= count

    async def count(self, table: str) -> int:
        found: int = await self.works.database.system.fetchval(f"SELECT count(*) FROM {table}")
        return found


def consumed(event_type: str, outcome: str) -> float:
    labels = {"type": event_type, "outcome": outcome}
    return REGISTRY.get_sample_value("linli_events_consumed_total", labels) or 0.0


def of_case(effects: Sequence[tuple[str, int]], case: UUID) -> list[int]:
    return [sequence for subject, sequence in effects if subject == str(case)]
