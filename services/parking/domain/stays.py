"""Stays as a fold: a function of the set of a car's gate reads in one compound, in any order, however often.

Every entry read begins exactly one stay, and the next gate read ends it: an exit properly, another entry by
telling that an exit was missed. An exit without a stay to end is kept as a stay whose entry was missed.

Reads and stays are tuples: each read makes some of them, and a frozen dataclass takes three times as long.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid5


class StayState(StrEnum):
    """How a stay stands."""

    open = "open"
    exited = "exited"
    exit_missed = "exit-missed"
    entry_missed = "entry-missed"


REASONS = {
    StayState.exit_missed: "the car was read entering again without an exit between",
    StayState.entry_missed: "the car was read leaving without an entry before",
}
"""Why a read is without its partner, in words."""


class GateRead(NamedTuple):
    """A read at a gate: when (as believed), whether outwards, and which of which device's it is."""

    at: datetime
    outwards: bool
    device: UUID
    read: str

    @property
    def order(self) -> tuple[datetime, bool, UUID, str]:
        """The one order of reads: of two at the same instant the exit is first, as a car comes back in."""
        return self.at, not self.outwards, self.device, self.read


class Stay(NamedTuple):
    """One stay; `first` is the read that began it (of a missed entry: the exit), its id derives from that."""

    id: UUID
    state: StayState
    first: GateRead
    entered_at: datetime | None
    exited_at: datetime | None


def stay_id(first: GateRead) -> UUID:
    """The id a stay has by its first read, whenever and wherever it is computed."""
    return uuid5(first.device, first.read)


def fold(reads: Iterable[GateRead]) -> list[Stay]:
    """Give the stays of one car in one compound, in their order; repeats of a read change nothing."""
    known = {(read.device, read.read): read for read in reads}
    return _paired(_in_order(list(known.values())))


def _paired(ordered: Iterable[GateRead]) -> list[Stay]:
    stays: list[Stay] = []
    inside: GateRead | None = None
    for read in ordered:
        if inside is not None:
            state = StayState.exited if read.outwards else StayState.exit_missed
            stays.append(Stay(stay_id(inside), state, inside, inside.at, read.at))
        elif read.outwards:
            stays.append(Stay(stay_id(read), StayState.entry_missed, read, None, read.at))
        inside = None if read.outwards else read
    if inside is not None:
        stays.append(Stay(stay_id(inside), StayState.open, inside, inside.at, None))
    return stays


def going_on(last: Stay | None, reads: Sequence[GateRead]) -> list[Stay] | None:
    """Give what new reads, each once, make of a car's last stay and after it, without its other reads.

    An ended stay is not among them. None when some read is not later than all that is known: then all reads
    must be folded.
    """
    if last is None:
        return _paired(_in_order(reads))
    if last.state is not StayState.open and last.state is not StayState.exited:
        return None  # others may begin at the same instant
    ordered = _in_order(reads)
    first = ordered[0]
    if first.at <= (last.exited_at or last.first.at):
        return None
    if last.state is StayState.exited:
        return _paired(ordered)
    state = StayState.exited if first.outwards else StayState.exit_missed
    ended = Stay(last.id, state, last.first, last.entered_at, first.at)
    return [ended, *_paired(ordered[1:] if first.outwards else ordered)]


def _in_order(reads: Sequence[GateRead]) -> Sequence[GateRead]:
    return reads if len(reads) == 1 else sorted(reads, key=_order)


def _order(read: GateRead) -> tuple[datetime, bool, UUID, str]:
    return read.order
