"""Recurring tasks: a rule of RFC 5545 in the community's local time, of which each occurrence is one task."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from services.volunteer.domain.position import Point

LONGEST = timedelta(days=5 * 366)
"""No series goes on for longer, whatever its rule says: every expansion has an end."""
MOST_TIMES = 2000
MOST_AT_ONCE = 50
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = f"(?:{'|'.join(_WEEKDAYS)})"
_NTH_WEEKDAY = rf"(?:[+-]?[1-5])?{_WEEKDAY}"
_MONTH_DAY = r"[+-]?(?:[12][0-9]|3[01]|[1-9])"
_FORMS = {
    "INTERVAL": r"[1-9][0-9]{0,3}",
    "COUNT": r"[1-9][0-9]{0,3}",
    "UNTIL": r"[0-9]{8}(?:T[0-9]{6}Z)?",
    "WKST": _WEEKDAY,
}
_FILTERS: Mapping[str, Mapping[str, str]] = {
    "DAILY": {"BYDAY": _WEEKDAY},
    "WEEKLY": {"BYDAY": _WEEKDAY},
    "MONTHLY": {"BYDAY": _NTH_WEEKDAY, "BYMONTHDAY": _MONTH_DAY, "BYSETPOS": "-?1"},
    "YEARLY": {"BYMONTH": r"1[0-2]|[1-9]", "BYMONTHDAY": _MONTH_DAY},
}
"""What else a rule of each frequency may say, each value of a list in this form.

A library looks for the next time until the year 9999 when there is none. With these filters, and a first day
that they admit, there always is one soon; so a rule costs what it yields.
"""

Expand = Callable[[str, datetime], Iterable[datetime]]
"""Expands a rule without COUNT from a first local time; from a library, which the domain knows nothing of."""


class WrongSeriesError(ValueError):
    """The rule, its first time or its exceptions make no sense."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as read: what to expand, which ends by itself, and after how many times it ends."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Series:
    """One series; `first_local` has no zone: nine o'clock stays nine o'clock whatever the clocks do.

    `next_at` is the next time that has not become a task, None when there is none; `ahead` is how long before
    an occurrence its task is opened. `by_staff`: who asked for it may for anybody.
    """

    id: UUID
    community: UUID
    kind: str
    window: timedelta
    rule: str
    zone: str
    first_local: datetime
    ahead: timedelta
    asked_by: str
    made_at: datetime
    beneficiary: UUID | None = None
    place: UUID | None = None
    point: Point | None = None
    minutes: int | None = None
    weight_kg: int | None = None
    floor: int | None = None
    lift: bool | None = None
    by_staff: bool = True
    next_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def open_at(self) -> datetime | None:
        """When the clock next opens a task of it."""
        return None if self.next_at is None else self.next_at - self.ahead

    def ended(self, now: datetime) -> "Series":
        """The series once no more tasks are wanted; raises WrongSeriesError when it has ended before."""
        if self.ended_at is not None:
            raise WrongSeriesError("the series has ended")
        return replace(self, next_at=None, ended_at=now, version=self.version + 1)


def starts(series: Series, expand: Expand) -> Iterator[datetime]:
    """All times of a series in their order, in UTC; raises WrongSeriesError."""
    zone = ZoneInfo(series.zone)
    rule = read_rule(series.rule, series.first_local, zone)
    for local in islice(expand(rule.text, series.first_local), rule.count):
        # A local time that the clocks leave out is reckoned by the offset before, as RFC 5545 asks.
        yield local.replace(tzinfo=zone).astimezone(UTC)


def due(series: Series, expand: Expand, now: datetime) -> tuple[list[datetime], datetime | None]:
    """The times whose tasks are to be opened now, and the first one behind them.

    What was slept through, so that its window is over, is left out.
    """
    found: list[datetime] = []
    if series.next_at is None:
        return found, None
    for start in starts(series, expand):
        if start < series.next_at:
            continue
        if start - series.ahead > now or len(found) == MOST_AT_ONCE:
            return found, start
        if start + series.window > now:
            found.append(start)
    return found, None


def read_rule(text: str, first: datetime, zone: ZoneInfo) -> Rule:
    """Read a rule, and give it an end; raises WrongSeriesError for what it may not say."""
    parts = _parts(text)
    if "COUNT" in parts and "UNTIL" in parts:
        raise WrongSeriesError("a rule has COUNT or UNTIL, not both")
    if not _admits(parts, first.date()):
        raise WrongSeriesError("the first time is none of the rule's")
    count = int(parts.pop("COUNT", MOST_TIMES))
    if count > MOST_TIMES:
        raise WrongSeriesError(f"COUNT is at most {MOST_TIMES}")
    last = first + LONGEST
    until = min(last, _until(parts.pop("UNTIL", None), zone) or last)
    bounded = ";".join(f"{name}={value}" for name, value in parts.items())
    return Rule(f"{bounded};UNTIL={until:%Y%m%dT%H%M%S}", count)


def _parts(text: str) -> dict[str, str]:
    pairs = [part.partition("=")[::2] for part in text.upper().removeprefix("RRULE:").split(";")]
    parts = dict(pairs)
    filters = _FILTERS.get(parts.get("FREQ", ""))
    if filters is None or len(parts) != len(pairs):
        raise WrongSeriesError(f"a rule has each part once, and FREQ is one of {', '.join(_FILTERS)}")
    for name, value in parts.items():
        form = _FORMS.get(name)
        if name in filters:
            form = f"(?:{filters[name]})(?:,(?:{filters[name]})){{0,30}}"
        if name != "FREQ" and (form is None or not re.fullmatch(form, value)):
            raise WrongSeriesError(
                f"a rule of this frequency says {name or 'a part'} differently, or not at all"
            )
    return parts


def _admits(parts: Mapping[str, str], day: date) -> bool:
    """Whether a day passes the filters; what a rule does not say it takes from its first day."""
    length = monthrange(day.year, day.month)[1]
    weekday = _WEEKDAYS[day.weekday()]
    which = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
    named = {weekday, *(f"{nth}{weekday}" for nth in which)}
    days, months = parts.get("BYMONTHDAY"), parts.get("BYMONTH")
    return (
        ("BYDAY" not in parts or not named.isdisjoint(parts["BYDAY"].replace("+", "").split(",")))
        and (days is None or not {day.day, day.day - length - 1}.isdisjoint(map(int, days.split(","))))
        and (months is None or day.month in map(int, months.split(",")))
    )


def _until(written: str | None, zone: ZoneInfo) -> datetime | None:
    """The last local time; a date means all of that day."""
    if written is None:
        return None
    try:
        if len(written) == len("20260301"):
            return datetime.combine(date.fromisoformat(written), time.max)
        instant = datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return instant.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise WrongSeriesError("UNTIL is a date, or a time in UTC: 20261231T160000Z") from error
