"""Working time: equal to counting minute by minute, in zones with and without clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.issues.domain.categories import LONGEST_DEADLINE
from services.issues.domain.deadline import LONGEST_WORKING, Counted
from services.issues.domain.working_time import (
    LEAST_A_WEEK,
    MINUTES_A_DAY,
    USUAL,
    CommunityTime,
    Day,
    Holidays,
    Hours,
    Span,
    WorkingDays,
    WorkingMinutes,
    WorkingTime,
    WrongHours,
    must_suffice,
)
from services.issues.usecases.calendars import calendars, holidays_known

MINUTE = timedelta(minutes=1)
# Clocks go forward on 29 March at 01:00 UTC in Berlin, at half past ten the evening before in Lord Howe.
ZONES = ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/Los_Angeles")
DECREED = {date(2026, 10, 1): Day.holiday, date(2026, 4, 3): Day.holiday, date(2026, 3, 28): Day.make_up}


def days(day: date) -> Day:
    return DECREED.get(day, Day.ordinary)


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    ends = sorted(draw(st.lists(st.integers(0, MINUTES_A_DAY - 1), unique=True, max_size=4)))
    return tuple(zip(ends[::2], ends[1::2], strict=False))


hours = st.builds(
    lambda week, make_up, sure: Hours((*week, sure), make_up),
    st.tuples(*[spans()] * 6),
    spans(),
    st.just(((60, 200),)),
)
times = st.builds(WorkingTime, hours, st.sampled_from(ZONES).map(ZoneInfo), st.just(days))
# Around the changes of the clock and the decreed days of 2026.
starts = st.one_of(
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 8), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 9, 28), datetime(2026, 11, 5), timezones=st.just(UTC)),  # noqa: DTZ001
)


def counts(time: WorkingTime, moment: datetime) -> int | None:
    """Say by the plain words of the rule whether a moment is working time, and of which date."""
    local = moment.astimezone(time._zone)
    kind = days(local.date())
    found = time._hours.week[local.weekday()] if kind is Day.ordinary else ()
    if kind is Day.make_up:
        found = time._hours.make_up
    minute = local.hour * 60 + local.minute
    return local.toordinal() if any(first <= minute < last for first, last in found) else None


@settings(max_examples=60, deadline=None)
@given(times, starts, st.integers(1, 600))
def test_minutes_equal_counting_them_one_by_one(time: WorkingTime, start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    at, left = start, minutes
    while left:
        left -= counts(time, at) is not None
        at += MINUTE
    assert WorkingMinutes(time).add(start, minutes) == at


@settings(max_examples=40, deadline=None)
@given(times, starts, st.integers(1, 4))
def test_days_equal_counting_them_one_by_one(time: WorkingTime, start: datetime, many: int) -> None:
    at, close, seen = start.replace(second=0, microsecond=0), start, set[int]()
    today = start.astimezone(time._zone).toordinal()
    while True:
        day = counts(time, at)
        if day is not None and day > today:
            seen.add(day)
            if len(seen) > many:
                break
            close = at + MINUTE
        at += MINUTE
    assert WorkingDays(time).add(start, many * MINUTES_A_DAY) == close


@settings(max_examples=100, deadline=None)
@given(times, starts, st.integers(0, 3000), st.integers(0, 3000), st.timedeltas(timedelta(0), timedelta(3)))
def test_counting_goes_on_and_never_back(
    time: WorkingTime, start: datetime, one: int, other: int, later: timedelta
) -> None:
    counted = WorkingMinutes(time)
    reached = counted.add(start, one)
    assert counted.add(reached, other) == counted.add(start, one + other)
    assert counted.add(start + later, one) >= reached >= start
    assert counted.add(start, one + other) - start >= (one + other) * MINUTE
    if one:
        assert counts(time, reached - timedelta(microseconds=1)) is not None
    whole = WorkingDays(time)
    fro, to = one % 5 * MINUTES_A_DAY, other % 5 * MINUTES_A_DAY
    assert whole.add(whole.add(start, fro), to) == whole.add(start, fro + to)
    assert whole.add(start + later, fro) >= whole.add(start, fro) >= start


SHANGHAI = WorkingTime(USUAL, ZoneInfo("Asia/Shanghai"), days)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-03-27T16:00", 60, "2026-03-27T17:00"),
        ("2026-03-27T16:00", 61, "2026-03-28T09:01"),  # a Saturday that makes up for a holiday
        ("2026-03-27T20:00", 240, "2026-03-28T13:00"),
        ("2026-04-02T16:30", 60, "2026-04-06T09:30"),  # over a holiday and a weekend
        ("2026-09-30T17:00", 1, "2026-10-02T09:01"),
    ],
)
def test_working_hours(start: str, minutes: int, due: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    found = WorkingMinutes(SHANGHAI).add(datetime.fromisoformat(start).replace(tzinfo=zone), minutes)
    assert found == datetime.fromisoformat(due).replace(tzinfo=zone)


@pytest.mark.parametrize(
    "wrong",
    [
        {"week": ((),) * 7},
        {"week": USUAL.week[:6]},
        {"make_up": ((540, 540),)},
        {"make_up": ((540, 600), (599, 700))},
        {"make_up": ((540, MINUTES_A_DAY),)},
        {"make_up": ((-1, 5),)},
    ],
)
def test_hours_that_make_no_sense(wrong: dict[str, tuple[tuple[Span, ...], ...]]) -> None:
    with pytest.raises(WrongHours):
        Hours(**{"week": USUAL.week, "make_up": USUAL.make_up} | wrong)  # type: ignore[arg-type]


def one_day_a_week(minutes: int) -> Hours:
    return Hours((((0, minutes),), *((),) * 6), ())


def test_the_longest_deadline_ends_within_years_by_the_shortest_week() -> None:
    shortest, start = one_day_a_week(LEAST_A_WEEK), datetime(2026, 1, 1, tzinfo=UTC)
    must_suffice(shortest)
    time = WorkingTime(shortest, ZoneInfo("Asia/Shanghai"), days)
    assert WorkingMinutes(time).add(start, LONGEST_WORKING) < start + timedelta(days=4 * 366)
    assert WorkingDays(time).add(start, LONGEST_DEADLINE) < start + timedelta(days=8 * 366)
    with pytest.raises(WrongHours):
        must_suffice(one_day_a_week(LEAST_A_WEEK - 1))
    with pytest.raises(WrongHours, match="within years"):
        WorkingMinutes(WorkingTime(one_day_a_week(1), ZoneInfo("Asia/Shanghai"), days)).add(start, 600)


def test_the_decrees_are_those_of_china_and_the_community_has_the_last_word() -> None:
    zone = ZoneInfo("Asia/Shanghai")

    def due(time: CommunityTime, start: datetime, minutes: int) -> datetime:
        found = calendars(time)[Counted.working_hours].add(start.replace(tzinfo=zone), minutes)
        return found.astimezone(zone).replace(tzinfo=None)

    friday, new_year = datetime(2026, 5, 8, 16), datetime(2026, 12, 31, 16)  # noqa: DTZ001
    assert due(CommunityTime(), friday, 120) == datetime(2026, 5, 9, 10)  # noqa: DTZ001  a make-up Saturday
    assert due(CommunityTime(holidays=Holidays.none), friday, 120) == datetime(2026, 5, 11, 10)  # noqa: DTZ001
    # Of 2027 the weekday alone is known, until the community says more.
    assert due(CommunityTime(), new_year, 120) == datetime(2027, 1, 1, 10)  # noqa: DTZ001
    own = CommunityTime(days=((date(2027, 1, 1), Day.holiday), (date(2027, 1, 2), Day.make_up)))
    assert due(own, new_year, 120) == datetime(2027, 1, 2, 10)  # noqa: DTZ001
    assert not holidays_known(CommunityTime(), range(2026, 2028))
    assert holidays_known(own, range(2026, 2028))
