"""The watermark of a compound: up to when every read of its gates is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Lane:
    """What a gate has stated: every read up to `delivered_up_to` (business time; None: nothing so far).

    `advanced_at` is wall time: when it last stated a later one, at first when it was registered. A lane that
    states nothing more, though it may send reads, holds the others up no longer than one that is silent.
    """

    delivered_up_to: datetime | None
    advanced_at: datetime


@dataclass(frozen=True, slots=True)
class Watermark:
    """`at` None: nothing may be judged yet. `provisional`: a silent lane was left out."""

    at: datetime | None
    provisional: bool = False


def watermark(
    lanes: Sequence[Lane], *, lateness: timedelta, silent_after: timedelta, now: datetime, wall: datetime
) -> Watermark:
    """The minimum over the lanes that are heard of, less the allowed lateness; `now` is business time.

    A compound without lanes goes by business time, and so does one whose lanes are all silent, provisionally.
    """
    if not lanes:
        return Watermark(now)
    heard = [lane for lane in lanes if wall - lane.advanced_at <= silent_after]
    provisional = len(heard) < len(lanes)
    if not heard:
        return Watermark(now - lateness, provisional=True)
    stated = [lane.delivered_up_to for lane in heard]
    known = [each for each in stated if each is not None]
    at = min(known) - lateness if len(known) == len(stated) else None
    return Watermark(at, provisional)
