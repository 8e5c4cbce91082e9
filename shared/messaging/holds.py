"""Partitions that wait out a transient error, each with its own growing pause."""

from collections.abc import Collection
from dataclasses import dataclass
from time import monotonic

from aiokafka import TopicPartition

from shared.messaging import metrics

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0


@dataclass(slots=True)
class _Hold:
    until: float
    seconds: float
    waiting: bool = True


class Holds:
    """Knows until when each partition is held back; a success lets go of it."""

    def __init__(self) -> None:
        self._holds: dict[TopicPartition, _Hold] = {}

    def hold(self, partition: TopicPartition) -> float:
        """Hold a partition back, longer each time in a row; gives for how many seconds."""
        before = self._holds.get(partition)
        seconds = min(before.seconds * 2, LONGEST_SECONDS) if before else FIRST_SECONDS
        self._holds[partition] = _Hold(monotonic() + seconds, seconds)
        metrics.STALLED.set(len(self._holds))
        return seconds

    def release(self, partition: TopicPartition) -> None:
        """Forget a partition that has got on."""
        self._holds.pop(partition, None)
        metrics.STALLED.set(len(self._holds))

    def due(self) -> set[TopicPartition]:
        """Give the partitions whose pause is over; their count goes on if they fail again."""
        due = {one for one, hold in self._holds.items() if hold.waiting and hold.until <= monotonic()}
        for partition in due:
            self._holds[partition].waiting = False
        return due

    def waiting(self) -> set[TopicPartition]:
        """Give the partitions whose pause is not over."""
        return {one for one, hold in self._holds.items() if hold.waiting}

    def seconds_until_due(self, most: float) -> float:
        """Give how long to wait for the next pause to end, within bounds."""
        ends = [hold.until - monotonic() for hold in self._holds.values() if hold.waiting]
        return max(0.01, min([most, *ends]))

    def keep_only(self, partitions: Collection[TopicPartition]) -> None:
        """Forget the partitions that are another member's now."""
        self._holds = {one: hold for one, hold in self._holds.items() if one in partitions}
        metrics.STALLED.set(len(self._holds))

    def clear(self) -> None:
        """Forget all."""
        self.keep_only(())
