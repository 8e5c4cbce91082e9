"""When a case is due: a pure function of when it was reported, its category and the community's calendar."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

_MINUTE = timedelta(minutes=1)


class Counted(StrEnum):
    """Which minutes of a deadline count; a working day is 1440 of them, to the close of business."""

    round_the_clock = "round-the-clock"
    working_hours = "working-hours"
    working_days = "working-days"


class Calendar(Protocol):
    """Tells which moment lies so many counted minutes later; those of working time are in `working_time`."""

    def add(self, start: datetime, minutes: int) -> datetime:
        """Return the moment `minutes` counted minutes after `start`."""
        ...


class RoundTheClock:
    """Every minute counts."""

    def add(self, start: datetime, minutes: int) -> datetime:
        """Return the moment `minutes` minutes after `start`, whatever the hour or day."""
        return start + minutes * _MINUTE


ROUND_THE_CLOCK = RoundTheClock()


def due_at(reported_at: datetime, deadline_minutes: int, calendar: Calendar = ROUND_THE_CLOCK) -> datetime:
    """Tell when a case has to be resolved; at that moment it is not late yet, one second after it is."""
    return calendar.add(reported_at, deadline_minutes)
