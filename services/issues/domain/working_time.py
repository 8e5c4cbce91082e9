"""Working time: which minutes of a community's week count, and which moment lies so many of them later."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

MINUTES_A_DAY = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_TICK = timedelta(microseconds=1)
_SECOND = 1_000_000
_DAY = MINUTES_A_DAY * 60
_MOST_KEPT = 4000
_FARTHEST = 10 * 366
LEAST_A_WEEK = 5 * 60
"""Minutes."""
_CHINESE = frozenset({"Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "PRC"})

Span = tuple[int, int]
Piece = tuple[int, int, int]
"""A stretch of working time: begin and end in microseconds since 1970, half open, and its local date."""


class WrongHours(ValueError):
    """Working hours do not make sense."""


class Day(StrEnum):
    """What the authorities have made of a date: each year they decree holidays and make-up workdays."""

    ordinary = "ordinary"
    holiday = "holiday"
    make_up = "make-up"


Days = Callable[[date], Day]


class Holidays(StrEnum):
    """Whose holidays and make-up workdays a community keeps."""

    china = "china"
    none = "none"


@dataclass(frozen=True, slots=True)
class Hours:
    """A week's working hours, Monday first, in minutes of the local day, half open.

    On a make-up workday, whatever its weekday, `make_up` counts instead; on a holiday nothing does.
    """

    week: tuple[tuple[Span, ...], ...]
    make_up: tuple[Span, ...]

    def __post_init__(self) -> None:
        if len(self.week) != 7 or not any(self.week):
            raise WrongHours("a week has seven days, and work on one of them at least")
        for spans in (*self.week, self.make_up):
            # Work ends before midnight, so that the end of a day lies on that day.
            ends = (-1, *(minute for span in spans for minute in span), MINUTES_A_DAY)
            if any(after <= before for before, after in pairwise(ends)):
                raise WrongHours("spans follow each other, begin before they end, and end by 23:59")


def must_suffice(hours: Hours) -> None:
    """Refuse a week so short that the longest deadline would not end within years.

    Raises:
        WrongHours: see there.
    """
    if sum(last - first for spans in hours.week for first, last in spans) < LEAST_A_WEEK:
        raise WrongHours(f"a week has {LEAST_A_WEEK // 60} hours of work at least")


_USUAL = ((9 * 60, 17 * 60),)
USUAL = Hours((_USUAL,) * 5 + ((),) * 2, _USUAL)
"""Monday to Friday, nine to five, make-up workdays too: until a community says otherwise."""


@dataclass(frozen=True, slots=True)
class CommunityTime:
    """By what a community reckons; version 0 is what holds until it says otherwise.

    Its own `days` go before what anybody else has made of them.
    """

    zone: str = "Asia/Shanghai"
    hours: Hours = USUAL
    holidays: Holidays = Holidays.china
    days: tuple[tuple[date, Day], ...] = ()
    version: int = 0

    @classmethod
    def usual(cls, zone: str) -> "CommunityTime":
        """Give what holds in a zone until a community there says otherwise."""
        return cls(zone, holidays=Holidays.china if zone in _CHINESE else Holidays.none)


USUAL_TIME = CommunityTime()


class WorkingTime:
    """The working time of one zone: a minute counts when its local date and time of day do."""

    def __init__(self, hours: Hours, zone: tzinfo, days: Days) -> None:
        self._hours = hours
        self._zone = zone
        self._days = days
        self._kept: dict[int, tuple[Piece, ...]] = {}

    def pieces(self, start: int) -> Iterator[Piece]:
        """Give the stretches that end after a moment (microseconds since 1970), in order.

        Raises:
            WrongHours: ten years of them were not enough; whoever counts on holds up everybody.
        """
        first = start // (_DAY * _SECOND)
        for day in range(first, first + _FARTHEST):
            for piece in self._of_day(day):
                if piece[1] > start:
                    yield piece
        raise WrongHours("there is too little working time for this to end within years")

    def date_at(self, moment: int) -> int:
        """Tell the local date of a moment, as days since 1970."""
        seconds = moment // _SECOND
        return (seconds + self._offset(seconds)) // _DAY

    def _of_day(self, day: int) -> tuple[Piece, ...]:
        """Give the stretches within one day of UTC."""
        found = self._kept.get(day)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[day] = tuple(self._made(day))
        return found

    def _made(self, day: int) -> Iterator[Piece]:
        for begin, end, offset in self._segments(day * _DAY):
            for local in range((begin + offset) // _DAY, (end + offset - 1) // _DAY + 1):
                midnight = local * _DAY - offset
                for first, last in self._spans(local):
                    low, high = max(begin, midnight + first * 60), min(end, midnight + last * 60)
                    if low < high:
                        yield low * _SECOND, high * _SECOND, local

    def _segments(self, begin: int) -> list[tuple[int, int, int]]:
        """Divide a day of UTC where the clocks are changed, so that in each part local time runs evenly."""
        end = begin + _DAY
        first, last = self._offset(begin), self._offset(end - 1)
        if first == last:
            return [(begin, end, first)]
        low, high = begin, end - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle) == first else (low, middle)
        return [(begin, high, first), (high, end, last)]

    def _offset(self, seconds: int) -> int:
        offset = (_EPOCH + timedelta(seconds=seconds)).astimezone(self._zone).utcoffset()
        assert offset is not None
        return offset // timedelta(seconds=1)

    def _spans(self, local: int) -> tuple[Span, ...]:
        found = date.fromordinal(_EPOCH_ORDINAL + local)
        kind = self._days(found)
        if kind is Day.ordinary:
            return self._hours.week[found.weekday()]
        return self._hours.make_up if kind is Day.make_up else ()


@dataclass(frozen=True, slots=True)
class WorkingMinutes:
    """Counts the minutes of working time only; a deadline may fall on the very close of business."""

    time: WorkingTime

    def add(self, start: datetime, minutes: int) -> datetime:
        """Return the moment at which so many minutes of working time have passed since `start`."""
        if minutes <= 0:
            return start
        at, left = (start - _EPOCH) // _TICK, minutes * 60 * _SECOND
        for begin, end, _ in self.time.pieces(at):
            since = max(begin, at)
            if left <= end - since:
                return _EPOCH + (since + left) * _TICK
            left -= end - since
        raise AssertionError("working time has no end")


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Counts whole working days, 1440 minutes for each, as the Civil Code does in articles 201 and 203.

    The day itself does not count, and the last one ends with the close of business.
    """

    time: WorkingTime

    def add(self, start: datetime, minutes: int) -> datetime:
        """Return the close of business of the last of so many working days after that of `start`."""
        left = minutes // MINUTES_A_DAY
        if left <= 0:
            return start
        at = (start - _EPOCH) // _TICK
        reached, close = self.time.date_at(at), at
        for _, end, local in self.time.pieces(at):
            if local > reached:
                if left == 0:
                    break
                left, reached = left - 1, local
                close = end
            elif close > at:
                close = end
        return _EPOCH + close * _TICK
