"""The seeded part of the riders' replay: which help is needed where, and how riders answer when asked."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from deploy.replay.riders import Day, Rider, Spot

TASKS: Final = 40
SEED: Final = 20180811
ACCEPTS: Final = 0.3
MEDIAN_SECONDS: Final = 20.0
SPREAD: Final = 1.0
MORNING: Final = datetime(2026, 5, 11, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
"""When the record's minute 0 is: with it, lunch is at noon and all windows end before the quiet hours."""
TOWN: Final = (30.0, 122.1)


@dataclass(frozen=True, slots=True)
class Need:
    """Somebody needs help at a drop-off, from a minute of the day on."""

    minute: float
    spot: Spot


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a rider makes of an offer, and at which minute."""

    minute: float
    accepts: bool


def moment(minute: float) -> datetime:
    """The business time of a minute of the record."""
    return MORNING + timedelta(minutes=minute)


def minute_of(at: datetime) -> float:
    """The minute of the record at a business time."""
    return (at - MORNING) / timedelta(minutes=1)


def degrees_of(spot: Spot) -> tuple[float, float]:
    """A spot of the plane as latitude and longitude."""
    north, east = spot[1] / 111_195, spot[0] / 111_195 / math.cos(math.radians(TOWN[0]))
    return round(TOWN[0] + north, 6), round(TOWN[1] + east, 6)


def needs(day: Day) -> Sequence[Need]:
    """Sampled drop-offs, while riders are still on duty for as long as such a task takes."""
    chance = random.Random(SEED)  # noqa: S311  (repeatable, not secret)
    last = max(rider.off for rider in day.riders) - 60
    known = [Need(minute, spot) for minute, spot in day.drop_offs if minute < last]
    return sorted(chance.sample(known, TASKS), key=lambda need: (need.minute, need.spot))


def reaction(rider: Rider, asked: float, until: float, turn: int) -> Reaction | None:
    """How a rider answers the offer of this turn, asked then and open until then; None for not at all.

    They look at it in the first gap between their orders, and answer only if the gap still lasts.
    """
    chance = random.Random(f"{SEED} {rider.name} {turn}")  # noqa: S311
    accepts = chance.random() < ACCEPTS
    delay = MEDIAN_SECONDS * math.exp(SPREAD * chance.gauss(0, 1)) / 60
    gap = rider.gap_from(asked)
    if gap is None or gap[0] + delay >= min(gap[1], until):
        return None
    return Reaction(gap[0] + delay, accepts)
