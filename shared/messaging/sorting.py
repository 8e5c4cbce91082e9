"""What is to be done with each record of a chunk: pure, so that the order of a key can be tested."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from shared.contracts import FACTS, Event, Fact
from shared.messaging.attributes import InvalidEnvelope
from shared.messaging.envelope import UnknownType, read_record
from shared.messaging.incoming import Incoming
from shared.messaging.subscription import Subscription, Subscriptions, UseCase


class Taken(NamedTuple):
    """An event for a use case; a named tuple, since one is made for each record."""

    incoming: Incoming
    event: Event[Any]
    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be taken in; `detail` may be shown to operators, `reason` to everybody."""

    incoming: Incoming
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A valid event that this consumer has no use for."""

    incoming: Incoming
    type: str


Item = Taken | Refused | Skipped


@dataclass(slots=True)
class Sorted:
    """A chunk by what becomes of each record, in the order of the partition."""

    taken: list[Taken] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    parked: list[Incoming] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def by_type(subscriptions: Subscriptions) -> dict[str, type[Fact]]:
    """Index the facts that are subscribed to."""
    return {fact.event_type: fact for fact in subscriptions}


def read_item(record: Incoming, subscriptions: Subscriptions, facts: Mapping[str, type[Fact]]) -> Item:
    """Read a record and find its use case; never fails."""
    try:
        event = read_record(record.headers, record.value, timestamp=record.timestamp, facts=facts)
    except UnknownType as unknown:
        # A stranger's types are as many as it likes, a metric's label values must not be.
        return Skipped(record, str(unknown) if str(unknown) in FACTS else "unknown")
    except InvalidEnvelope as error:
        return Refused(record, error.reason, error.detail)
    return Taken(record, event, subscriptions[type(event.data)])


def sort_out(items: Sequence[Item], blocked: Collection[bytes]) -> Sorted:
    """Decide for each record; whatever follows a refused one of its key, here or before, is parked."""
    sorted_out, behind = Sorted(), set(blocked)
    for item in items:
        key = item.incoming.key
        if isinstance(item, Skipped):
            sorted_out.skipped.append(item)
        elif key is not None and key in behind:
            sorted_out.parked.append(item.incoming)
        elif isinstance(item, Taken):
            sorted_out.taken.append(item)
        else:
            sorted_out.refused.append(item)
            if key is not None:
                behind.add(key)
    return sorted_out


def runs(taken: Sequence[Taken]) -> Iterator[tuple[UseCase, list[Event[Any]]]]:
    """Split into contiguous runs that go to one use case each."""
    for use_case, run in groupby(taken, key=lambda one: one.subscription.use_case):
        yield use_case, [one.event for one in run]
