"""Hours in rules: what is not counted carries the free time on, to the second, by the community's clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.parking.domain.hours import Hours, WrongHoursError, check_apart, check_counted, run_out
from services.parking.domain.limits import (
    Cover,
    FreeTime,
    LimitRule,
    QuietZone,
    WrongLimitError,
    check_rule,
    limit_of,
    may_park,
)
from services.parking.domain.plate import PlateKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVERY_DAY = frozenset(range(1, 8))
SECOND = timedelta(seconds=1)
NIGHT = Hours(EVERY_DAY, time(22), time(7))
WEEKEND = frozenset({6, 7})

clock = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
hours = st.builds(Hours, st.frozensets(st.integers(1, 7), min_size=1), clock, clock)
MARCH = datetime(2026, 3, 1, tzinfo=SHANGHAI)
moments = st.integers(0, 14 * 24 * 60).map(lambda minutes: MARCH + timedelta(minutes=minutes))


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def counted(since: datetime, until: datetime, uncounted: list[Hours]) -> timedelta:
    """Count minute by minute, as one would on paper; both are full minutes."""
    minutes, at = 0, since
    while at < until:
        minutes += not any(each.hold(at.astimezone(SHANGHAI)) for each in uncounted)
        at += timedelta(minutes=1)
    return timedelta(minutes=minutes)


@settings(max_examples=60)
@given(moments, st.integers(0, 600), st.lists(hours, max_size=3))
def test_the_free_time_lasts_as_long_as_no_more_of_it_was_counted(
    since: datetime, free: int, uncounted: list[Hours]
) -> None:
    try:
        check_counted(uncounted)
    except WrongHoursError:
        return
    until = run_out(since, timedelta(minutes=free), uncounted, SHANGHAI)
    assert counted(since, until, uncounted) == timedelta(minutes=free)
    # The very next minute counts: otherwise the stay would still be free in it.
    assert not any(each.hold(until.astimezone(SHANGHAI)) for each in uncounted)
    assert until >= since + timedelta(minutes=free)


@given(moments, st.integers(0, 600), st.permutations([NIGHT, Hours(WEEKEND, time(8), time(20))]))
def test_the_order_of_hours_matters_nowhere(since: datetime, free: int, uncounted: list[Hours]) -> None:
    length = timedelta(minutes=free)
    assert run_out(since, length, uncounted, SHANGHAI) == run_out(since, length, uncounted[::-1], SHANGHAI)
    assert run_out(since, length, (), SHANGHAI) == since + length
    assert run_out(since, length, uncounted, SHANGHAI) <= run_out(since, length + SECOND, uncounted, SHANGHAI)


@given(hours, moments)
def test_hours_on_a_day_are_those_that_hold(given_hours: Hours, at: datetime) -> None:
    days = (at.date() - timedelta(days=1), at.date())
    periods = [period for day in days if (period := given_hours.on(day, SHANGHAI)) is not None]
    assert given_hours.hold(at) == any(begins <= at < ends for begins, ends in periods)


def test_a_night_is_free_and_the_evening_is_not() -> None:
    rule = LimitRule(1, local("2026-01-01T00:00"), 120, uncounted=(NIGHT,))

    def due(entered: str) -> datetime | None:
        return limit_of(local(entered), [rule], [], zone=SHANGHAI).due_at

    assert due("2026-03-02T19:00") == local("2026-03-02T21:00")
    assert due("2026-03-02T20:00") == local("2026-03-03T07:00")  # used up as the night begins
    assert due("2026-03-02T21:00") == local("2026-03-03T08:00")
    assert due("2026-03-02T23:30") == local("2026-03-03T09:00")
    visit = Cover(local("2026-03-02T10:00"), local("2026-03-02T21:30"), by_pass=True, contact="host")
    after = limit_of(local("2026-03-02T12:00"), [rule], [visit], zone=SHANGHAI)
    assert (after.due_at, after.contact) == (local("2026-03-03T08:30"), "host")


def test_weekends_have_their_own_free_time_and_some_kinds_none() -> None:
    weekend = FreeTime(Hours(WEEKEND, time(8), time(20)), 240)
    rule = LimitRule(
        1,
        local("2026-01-01T00:00"),
        60,
        exempt_kinds=frozenset({PlateKind.emergency}),
        free_times=(weekend, FreeTime(Hours(frozenset({1}), time(0), time(0)), None)),
    )

    def due(entered: str, plate: str = "浙L12345") -> datetime | None:
        return limit_of(local(entered), [rule], [], plate=plate, zone=SHANGHAI).due_at

    assert due("2026-03-07T10:00") == local("2026-03-07T14:00")
    assert due("2026-03-07T20:00") == local("2026-03-07T21:00")
    assert due("2026-03-02T10:00") is None  # Mondays have no limit
    assert due("2026-03-03T10:00") == local("2026-03-03T11:00")
    assert due("2026-03-03T10:00", "浙LA123应急") is None  # rescue comes and goes


def test_a_quiet_zone_is_quiet_in_its_hours_only() -> None:
    rule = LimitRule(1, local("2026-01-01T00:00"), 60, quiet=(QuietZone("b1", (NIGHT,)), QuietZone("yard")))
    assert may_park(rule, "b1", local("2026-03-02T12:00"))
    assert not may_park(rule, "b1", local("2026-03-02T22:00"))
    assert not may_park(rule, "b1", local("2026-03-03T06:59"))
    assert may_park(rule, "b1", local("2026-03-03T07:00"))
    assert not may_park(rule, "yard", local("2026-03-03T07:00"))
    assert may_park(rule, "elsewhere", local("2026-03-02T23:00"))
    assert may_park(None, "yard", datetime.now(UTC))


@pytest.mark.parametrize(
    "rule",
    [
        {"free_minutes": -1},
        {"free_minutes": 20_000, "uncounted": (NIGHT,)},
        {"uncounted": (Hours(EVERY_DAY, time(0), time(23)),)},
        {"uncounted": (Hours(frozenset(), time(0), time(1)),)},
        {"uncounted": (Hours(frozenset({8}), time(0), time(1)),)},
        {"uncounted": (Hours(EVERY_DAY, time(0, 0, 1), time(1)),)},
        {"free_times": (FreeTime(NIGHT, 1), FreeTime(Hours(WEEKEND, time(6), time(8)), 2))},
        {"free_times": (FreeTime(NIGHT, -5),)},
        {"quiet": (QuietZone("nowhere"),)},
        {"quiet": (QuietZone("b1"), QuietZone("b1"))},
        {"quiet": (QuietZone("b1", (NIGHT, NIGHT)),)},
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(rule: dict[str, object]) -> None:
    given_rule = LimitRule(**{"version": 1, "effective_from": datetime.now(UTC), "free_minutes": 60, **rule})  # type: ignore[arg-type]
    with pytest.raises((WrongLimitError, WrongHoursError)):
        check_rule(given_rule, ["b1"])


def test_hours_that_meet_do_not_overlap() -> None:
    check_apart([NIGHT, Hours(EVERY_DAY, time(7), time(22))])
    check_rule(LimitRule(1, datetime.now(UTC), 60, quiet=(QuietZone("b1", (NIGHT,)),)), ["b1"])
