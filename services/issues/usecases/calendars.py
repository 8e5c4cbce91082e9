"""The calendars by which deadlines are counted, with the holidays that a kept package knows."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from chinese_calendar import constants  # type: ignore[import-untyped]
from prometheus_client import Counter, Gauge

from services.issues.domain.deadline import ROUND_THE_CLOCK, Calendar, Counted
from services.issues.domain.working_time import (
    CommunityTime,
    Day,
    Holidays,
    WorkingDays,
    WorkingMinutes,
    WorkingTime,
)

KNOWN_YEARS = range(min(constants.holidays).year, max(constants.holidays).year + 1)
_KNOWN_UNTIL = Gauge(
    "linli_issues_holidays_known_until_year", "The last year whose Chinese holidays are known here"
)
_UNKNOWN = Counter(
    "linli_issues_days_without_holidays_total",
    "Days taken for working days by their weekday alone, since nobody has said which are holidays",
    ["year"],
)
_KNOWN_UNTIL.set(KNOWN_YEARS[-1])


def chinese_day(day: date) -> Day:
    """Say what the State Council has made of a date; of a year it is not known for, by weekday alone."""
    if day.year not in KNOWN_YEARS:
        # Deadlines reach a year or two ahead at most; other years would only swell the metric.
        _UNKNOWN.labels(str(day.year) if 2000 <= day.year < 2100 else "other").inc()
        return Day.ordinary
    if day in constants.workdays:
        return Day.make_up
    return Day.holiday if day in constants.holidays else Day.ordinary


def holidays_known(time: CommunityTime, years: range) -> bool:
    """Tell whether a community's holidays of all these years are known: from the package, or from itself."""
    if time.holidays is Holidays.none:
        return True
    said = {day.year for day, _ in time.days}
    return all(year in KNOWN_YEARS or year in said for year in years)


def no_holidays(_day: date) -> Day:
    """Take every date as its weekday has it."""
    return Day.ordinary


@lru_cache(maxsize=1024)
def calendars(time: CommunityTime) -> Mapping[Counted, Calendar]:
    """Give the calendars of communities that reckon by the same; they remember the days they have seen."""
    others = chinese_day if time.holidays is Holidays.china else no_holidays
    own = dict(time.days)
    working = WorkingTime(time.hours, ZoneInfo(time.zone), lambda day: own.get(day) or others(day))
    return {
        Counted.round_the_clock: ROUND_THE_CLOCK,
        Counted.working_hours: WorkingMinutes(working),
        Counted.working_days: WorkingDays(working),
    }
