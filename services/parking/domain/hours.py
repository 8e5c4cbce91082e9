"""Hours of the week by the community's clock: when time is counted, and when a zone must be kept free."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

WEEK = 7 * 24 * 60
LEAST_COUNTED = 8 * 60
"""Minutes of a week that are counted at least, so that every free time comes to an end."""
LONGEST_COUNTED = timedelta(days=7)
_DAY = timedelta(days=1)


class WrongHoursError(ValueError):
    """Hours that contradict themselves, or each other."""


@dataclass(frozen=True, slots=True)
class Hours:
    """From `begins` to `ends` on these days (Monday is 1); to the next day where `ends` is not later."""

    days: frozenset[int]
    begins: time
    ends: time

    def hold(self, local: datetime) -> bool:
        """Whether a moment, by the community's clock, is within; the end is not."""
        now = local.time()
        today, yesterday = local.isoweekday() in self.days, (local - _DAY).isoweekday() in self.days
        if self.begins < self.ends:
            return today and self.begins <= now < self.ends
        return (today and self.begins <= now) or (yesterday and now < self.ends)

    def on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime] | None:
        """Give begin and end of the hours that begin on a day; none when none do."""
        if day.isoweekday() not in self.days:
            return None
        last = day if self.begins < self.ends else day + _DAY
        begins, ends = datetime.combine(day, self.begins, zone), datetime.combine(last, self.ends, zone)
        return begins.astimezone(UTC), ends.astimezone(UTC)

    def minutes(self) -> set[int]:
        """Give the minutes of a week, counted from Monday's midnight."""
        begins, ends = _minute(self.begins), _minute(self.ends)
        length = ends - begins if begins < ends else 24 * 60 + ends - begins
        return {
            ((day - 1) * 24 * 60 + begins + number) % WEEK for day in self.days for number in range(length)
        }


def check_hours(hours: Hours) -> None:
    """Refuse what is no time of any week; raises WrongHoursError."""
    if not hours.days or not hours.days <= set(range(1, 8)):
        raise WrongHoursError("days are 1 (Monday) to 7, at least one")
    for moment in (hours.begins, hours.ends):
        if moment.second or moment.microsecond or moment.tzinfo is not None:
            raise WrongHoursError("hours begin and end at full minutes of the community's clock")


def check_apart(several: Sequence[Hours]) -> None:
    """Refuse hours that overlap where only one of them can hold; raises WrongHoursError."""
    known: set[int] = set()
    for hours in several:
        if known & (minutes := hours.minutes()):
            raise WrongHoursError("two of the times overlap: which of them should hold?")
        known |= minutes


def check_counted(uncounted: Sequence[Hours]) -> None:
    """Refuse hours that leave hardly any time to be counted; raises WrongHoursError."""
    left = WEEK - len(set().union(*(hours.minutes() for hours in uncounted)))
    if left < LEAST_COUNTED:
        raise WrongHoursError(f"at least {LEAST_COUNTED // 60} hours of a week must count")


def run_out(since: datetime, free: timedelta, uncounted: Sequence[Hours], zone: tzinfo) -> datetime:
    """Say until when a free time lasts that runs from `since` but not within the uncounted hours.

    It is the last moment at which no more than the free time was counted: when that runs out just as
    uncounted hours begin, their end.
    """
    if not uncounted:
        return since + free
    at, left = since, free
    for begins, ends in _periods(since, uncounted, zone):
        if ends <= at:
            continue
        if begins > at:
            if at + left < begins:
                break
            left -= begins - at
        at = ends
    return at + left


def _periods(since: datetime, several: Iterable[Hours], zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Give the hours in the order in which they begin, from the day before on, without end."""
    day = since.astimezone(zone).date() - _DAY
    while True:
        yield from sorted(period for hours in several if (period := hours.on(day, zone)) is not None)
        day += _DAY


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
