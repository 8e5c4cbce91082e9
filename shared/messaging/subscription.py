"""What a service does with an event: plain data that its `subscriptions.py` lists by type."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.event import Event
from shared.contracts.fact import Fact
from shared.database.work import Work

UseCase = Callable[[Work, Sequence[Event[Any]]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """Sends events of a type to a plural use case; several types may share one and then come in one call.

    The use case gets events in the order of their partition, each with its own `traceparent`, and the Work
    none: whoever emits because of an event passes `traceparent=event.traceparent` and
    `community=event.community`. Without `inbox` it must bear repeats itself, as an upsert guarded by
    `sequence` does.
    """

    use_case: UseCase
    inbox: bool = True


Subscriptions = Mapping[type[Fact], Subscription]
