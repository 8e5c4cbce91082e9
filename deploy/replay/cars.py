"""The recorded stays as reads of gates, and what they must come to; shares no code with parking."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from deploy.replay.recorded import Row

ZONE: Final = ZoneInfo("Asia/Shanghai")
BLOCK: Final = timedelta(hours=1)
TWICE: Final = 0.1
SEED: Final = 20141118


@dataclass(frozen=True, slots=True)
class CarRead:
    """One read of a gate; `position` counts the reads in their order of time."""

    id: str
    at: datetime
    plate: str
    outwards: bool
    position: int


@dataclass(frozen=True, slots=True)
class Block:
    """An hour with all its reads; `last` is its last second, up to which it says all is delivered."""

    last: datetime
    reads: Sequence[CarRead]


def gate_reads(rows: Sequence[Row]) -> list[CarRead]:
    """Give two reads for each recorded stay, in order of time; a vehicle at a bay is one car."""
    cars = {key: f"浙B{number:05d}" for number, key in enumerate(sorted({_car(row) for row in rows}))}
    moments = sorted(
        (_local(row[column]), outwards, row["session_id"], cars[_car(row)])
        for row in rows
        for column, outwards in (("entered_at", False), ("left_at", True))
    )
    return [
        CarRead(f"{session}-{'out' if outwards else 'in'}", at, plate, outwards, position)
        for position, (at, outwards, session, plate) in enumerate(moments)
    ]


def blocks(reads: Sequence[CarRead]) -> Iterator[Block]:
    """Cut the reads into the hours in which there are any."""
    for hour, found in groupby(reads, key=lambda read: read.at.replace(minute=0, second=0)):
        yield Block(hour + BLOCK - timedelta(seconds=1), list(found))


def shuffled(block: Block, seed: int) -> list[CarRead]:
    """Give a block's reads out of order, a tenth of them twice; the same for the same seed."""
    chance = random.Random(f"{SEED} {seed} {block.last.isoformat()}")  # noqa: S311  (repeatable, not secret)
    mixed = [read for read in block.reads for _ in range(1 + (chance.random() < TWICE))]
    chance.shuffle(mixed)
    return mixed


def too_long(rows: Sequence[Row], free_minutes: int) -> Counter[datetime]:
    """Give the entries of the stays that exceed the free time, by the recorded times alone."""
    free = timedelta(minutes=free_minutes)
    return Counter(
        _local(row["entered_at"]) for row in rows if _local(row["left_at"]) - _local(row["entered_at"]) > free
    )


def charged(rows: Sequence[Row]) -> Counter[datetime]:
    """Give the entries of the stays for which the operator took money: what really happened."""
    return Counter(_local(row["entered_at"]) for row in rows if float(row["charged"]) > 0)


def _car(row: Row) -> tuple[str, str]:
    return row["vehicle"], row["bay"]


def _local(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZONE)
