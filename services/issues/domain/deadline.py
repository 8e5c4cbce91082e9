"""When a case is due: a pure function of when it was reported, its category and the community's calendar."""

from datetime import datetime, timedelta
from typing import Protocol

_MINUTE = timedelta(minutes=1)


class Calendar(Protocol):
    """Tells which moment lies so many counted minutes later.

    Working hours, holidays and make-up workdays come as further calendars; a category will name its own.
    """

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
