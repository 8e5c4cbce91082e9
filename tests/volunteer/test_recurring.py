"""Recurring tasks: every time of a rule becomes a task once, at its local hour, and nothing else does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.volunteer.domain.series import LONGEST, Series, WrongSeriesError, due, starts
from services.volunteer.usecases.recurring_tasks import expand, open_due_tasks
from shared.identifiers import new_id
from tests.volunteer.conftest import Volunteering

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FIRST = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001  local, and a Monday
ONE = timedelta(days=1)
EVERY_DAY = [FIRST.date() + ONE * n for n in range(LONGEST.days + 1)]


def series_of(rule: str, zone: str = "Asia/Shanghai", first: datetime = FIRST) -> Series:
    made = Series(
        *(new_id(), new_id(), "carry", timedelta(hours=4), rule, zone, first),
        ahead=timedelta(hours=72),
        asked_by="li",
        made_at=first.replace(tzinfo=UTC),
    )
    return replace(made, next_at=next(starts(made, expand), None))


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, list[date]]:
    """A rule that the first Monday is one of, with its days by a plain count through the calendar."""
    every = draw(st.integers(1, 4))
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    count, last = draw(st.integers(1, 40)), FIRST.date() + timedelta(days=draw(st.integers(0, 200)))
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    if frequency == "WEEKLY":
        weekdays = sorted({0, *draw(st.sets(st.integers(0, 6)))})
        more = ";BYDAY=" + ",".join(DAYS[day] for day in weekdays)
        found = [
            day
            for day in EVERY_DAY
            if day.weekday() in weekdays and (day - FIRST.date()).days // 7 % every == 0
        ]
    elif frequency == "MONTHLY":
        wanted = sorted({2, *draw(st.sets(st.sampled_from([15, 29, 31, -1]), max_size=2))})
        more = ";BYMONTHDAY=" + ",".join(map(str, wanted))
        months = [day for day in EVERY_DAY if (day.month - 3 + 12 * (day.year - 2026)) % every == 0]
        found = [day for day in months if {day.day, -1 if (day + ONE).day == 1 else 0} & set(wanted)]
    else:
        more, found = "", EVERY_DAY[::every]
    bound = {"": "", "COUNT": f";COUNT={count}", "UNTIL": f";UNTIL={last:%Y%m%d}T150000Z"}[end]
    if end == "COUNT":
        found = found[:count]
    if end == "UNTIL":
        found = [day for day in found if day <= last]
    return f"FREQ={frequency};INTERVAL={every}{more}{bound}", found


@settings(max_examples=60, deadline=None)
@given(rules(), st.lists(st.integers(1, 60), min_size=3, max_size=12))
def test_every_time_is_due_once_however_the_clock_is_looked_at(
    made: tuple[str, list[date]], steps: list[int]
) -> None:
    rule, days = made
    zone = ZoneInfo("Asia/Shanghai")
    expected = [datetime.combine(day, FIRST.time(), zone).astimezone(UTC) for day in days]
    series, opened = series_of(rule), []
    assert list(starts(series, expand)) == expected
    now = expected[0] - timedelta(days=5)
    for hours in steps:
        now += timedelta(hours=hours)
        near, following = due(series, expand, now)
        opened += near
        series = replace(series, next_at=following)
    horizon = [start for start in expected if start - series.ahead <= now]
    assert opened == horizon
    assert series.next_at == next(iter(expected[len(horizon) :]), None)


def test_nine_stays_nine_whatever_the_clocks_do() -> None:
    def shown(first: datetime) -> Iterator[str]:
        for start in starts(series_of("FREQ=DAILY;COUNT=3", "Europe/Berlin", first), expand):
            yield f"{start:%d %H:%M} {start.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}"

    nine = datetime(2026, 3, 28, 9, 0)  # noqa: DTZ001
    assert list(shown(nine)) == ["28 08:00 09:00", "29 07:00 09:00", "30 07:00 09:00"]
    # Half past two does not exist on the 29th; by the offset before, as RFC 5545 asks, it is half past three.
    gap = datetime(2026, 3, 28, 2, 30)  # noqa: DTZ001
    assert list(shown(gap)) == ["28 01:30 02:30", "29 01:30 03:30", "30 00:30 02:30"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9,10",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;COUNT=2001",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYMONTHDAY=40",
        "FREQ=MONTHLY;BYMONTHDAY=3",
        "FREQ=MONTHLY;BYDAY=2MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "COUNT=3",
        "",
    ],
)
def test_what_a_rule_may_not_say(rule: str) -> None:
    with pytest.raises(WrongSeriesError):
        next(starts(replace(series_of("FREQ=DAILY"), rule=rule), expand))


def test_other_rules_and_an_end_for_those_that_have_none() -> None:
    assert len(list(starts(series_of("FREQ=DAILY"), expand))) == LONGEST.days + 1
    last_workday = "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3"
    friday = datetime(2026, 2, 27, 9, 0)  # noqa: DTZ001
    found = [f"{start:%d.%m}" for start in starts(series_of(last_workday, first=friday), expand)]
    assert found == ["27.02", "31.03", "30.04"]
    third = [start.day for start in starts(series_of("FREQ=MONTHLY;BYDAY=+1MO;COUNT=3"), expand)]
    assert third == [2, 6, 4]
    leap = datetime(2028, 2, 29, 9, 0)  # noqa: DTZ001
    assert len(list(starts(series_of("FREQ=YEARLY", first=leap), expand))) == 2


@pytest.mark.anyio
async def test_each_time_becomes_a_task_once_and_exceptions_and_the_end_do_not(quiet: Volunteering) -> None:
    rules = {"who": ["rider"], "confirmation": "code", "minutes": 20}
    await quiet.made("ola", "operator", "/task-kinds", {"code": "carry", "rules": rules})
    elder = await quiet.elder()
    first = (quiet.service.context.clock.now() + timedelta(days=5)).replace(microsecond=0)
    times = [(first + timedelta(days=n)).isoformat().replace("+00:00", "Z") for n in range(7)]
    body: dict[str, Any] = {"kind": "carry", "beneficiary": elder, "starts_at": times[0]}
    body |= {"rule": "FREQ=DAILY;COUNT=7", "exceptions": [times[1]], "weight_kg": 5}
    assert (await quiet.ask("li", "resident", "POST", "/recurring-tasks", body)).status_code == 404
    for wrong in ({"rule": "FREQ=HOURLY"}, {"exceptions": ["2027-01-01T00:00:00Z"]}, {"window_minutes": 5}):
        refused = await quiet.ask("daughter-1", "resident", "POST", "/recurring-tasks", body | wrong)
        assert refused.status_code == 422
    made = await quiet.made("daughter-1", "resident", "/recurring-tasks", body)
    path = f"/recurring-tasks/{made['id']}"
    assert made["upcoming"] == [times[0], *times[2:]]
    assert await open_due_tasks(quiet.works) == 0
    await quiet.later(days=4)  # the first three are near; one of them is left out
    assert [await open_due_tasks(quiet.works) for _ in range(2)] == [1, 0]
    opened = await quiet.said("task-opened")
    assert [fact["starts_at"] for fact in opened] == [times[0], times[2]]
    assert {fact["asked_by"] for fact in opened} == {"daughter-1"}
    async with quiet.works.for_system("test") as work:  # not even if the clock's mark were lost
        await work.connection.execute("UPDATE series SET next_at = $1, open_at = $1", first)
    await quiet.later(days=1, minutes=1)
    assert await open_due_tasks(quiet.works) == 1
    assert [fact["starts_at"] for fact in (await quiet.said("task-opened"))[2:]] == times[3:4]
    async with quiet.works.for_system("test") as work:
        await work.connection.execute("UPDATE beneficiaries SET family = '{}'")
    await quiet.later(days=1)
    assert await open_due_tasks(quiet.works) == 1
    assert len(await quiet.said("task-opened")) == 3  # who is no longer family asks for nothing more
    for _ in range(2):  # an exception that has become a task already
        await quiet.made("daughter-1", "resident", f"{path}/exceptions", {"starts_at": times[2]})
    (ended,) = await quiet.said("task-completed")
    assert (ended["task"], ended["outcome"]) == (opened[1]["task"], "not-needed")
    assert (await quiet.ask("elder-1", "resident", "POST", f"{path}/end")).status_code == 404
    over = await quiet.made("zhang", "steward", f"{path}/end")
    assert (over["upcoming"], over["next_at"]) == ([], None)
    assert len(await quiet.said("task-completed")) == 2  # what has begun goes on
    await quiet.later(days=3)
    assert await open_due_tasks(quiet.works) == 0
    assert (await quiet.ask("daughter-1", "resident", "POST", f"{path}/end")).status_code == 422
    (listed,) = (await quiet.read("zhang", "steward", "/recurring-tasks"))["items"]
    assert (listed["id"], listed["version"]) == (made["id"], 2)


@pytest.mark.anyio
async def test_what_cannot_be_opened_is_left_out_and_the_rest_goes_on(quiet: Volunteering) -> None:
    rules = {"who": ["rider"], "confirmation": "staff", "minutes": 20}
    await quiet.made("ola", "operator", "/task-kinds", {"code": "sweep", "rules": rules})
    first = (quiet.service.context.clock.now() + timedelta(days=1)).replace(microsecond=0)
    body = {"kind": "sweep", "starts_at": first.isoformat(), "rule": "FREQ=DAILY", "window_minutes": 60}
    made = await quiet.made("zhang", "steward", "/recurring-tasks", body | {"ahead_hours": 1})
    longer = {"code": "sweep", "rules": rules | {"minutes": 90}}
    await quiet.made("ola", "operator", "/task-kinds", longer)
    await quiet.later(days=1)
    assert await open_due_tasks(quiet.works) == 1
    assert await quiet.said("task-opened") == []
    await quiet.made("ola", "operator", "/task-kinds", {"code": "sweep", "rules": rules})
    await quiet.later(days=3)  # two were slept through
    assert await open_due_tasks(quiet.works) == 1
    (task,) = await quiet.said("task-opened")
    shown = await quiet.read("zhang", "steward", f"/recurring-tasks/{made['id']}")
    assert task["starts_at"] == (first + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    assert shown["next_at"] == (first + timedelta(days=4)).isoformat().replace("+00:00", "Z")
