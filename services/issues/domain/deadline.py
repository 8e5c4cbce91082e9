"""When a case is due: a pure function of when it was reported, its category and the community's calendar."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

LONGEST_WORKING = 1000 * 60
"""Minutes: half a year of work, and four years where work is five hours a week."""
_MINUTE = timedelta(minutes=1)


class Counted(StrEnum):
    """Which minutes of a deadline count; a working day is 1440 of them, to the close of business."""

    round_the_clock = "round-the-clock"
    working_hours = "working-hours"
    working_days = "working-days"


class TooManyMinutes(ValueError):
    """So many counted minutes last for years."""


def must_end(minutes: int, counted: Counted) -> None:
    """Refuse more minutes of working hours than end within years whatever a community's hours are.

    Raises:
        TooManyMinutes: see there.
    """
    if counted is Counted.working_hours and minutes > LONGEST_WORKING:
        raise TooManyMinutes(f"{LONGEST_WORKING} minutes of working hours at most")


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
