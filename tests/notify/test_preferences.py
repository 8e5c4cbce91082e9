"""Quiet hours as a pure function, and what people wish: kept, refused, and respected while messages wait."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.notify.channels.provider import Answer, Result
from services.notify.domain.preferences import InQuietHours, QuietHours, Spared, spared_from, waiting
from services.notify.domain.states import State
from services.notify.store.sending import Settlement, settle
from services.notify.usecases.change_preferences import SILENT, change_preferences
from services.notify.usecases.explain_message import explain_message
from services.notify.usecases.release_held import release_held
from services.notify.usecases.send_messages import Sender
from services.notify.usecases.watch_queue import watch_queue
from shared.contracts import Assignee, IssueOverdue, TaskClaimed
from tests.notify.served import CANARY, Api
from tests.notify.stage import MORNING, Handsets, Lanes, Stage, assigned, due_now, number

pytestmark = pytest.mark.anyio


ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]).map(
    ZoneInfo
)
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0, fold=0))
MINUTE = timedelta(minutes=1)
MOMENTS = st.integers(0, 366 * 24 * 60).map(lambda minutes: MORNING + minutes * MINUTE)


@given(CLOCKS, CLOCKS, MOMENTS, ZONES)
@settings(max_examples=100)
def test_quiet_hours_end_at_their_next_end_and_not_before(
    start: time, end: time, moment: datetime, zone: ZoneInfo
) -> None:
    quiet = QuietHours(start, end)
    ending = quiet.ending(moment, zone)
    if ending is None:
        assert not quiet.hold(moment.astimezone(zone).time())
        return
    assert moment < ending <= moment + timedelta(hours=25)
    local = ending.astimezone(zone)
    # Where clocks are set forward the end may be skipped: it is then as much later as the clocks jump.
    assert local.time() == end or not _exists(local.replace(hour=end.hour, minute=end.minute))
    # Nothing in between is outside, but the hour that clocks repeat or skip.
    steps = range(0, int((ending - moment) / MINUTE), 7)
    outside = [step for step in steps if not quiet.hold((moment + step * MINUTE).astimezone(zone).time())]
    assert len(outside) * 7 <= 60 + 7 or start == end


def _exists(local: datetime) -> bool:
    return local.astimezone(UTC).astimezone(local.tzinfo).time() == local.time()


@given(CLOCKS, MOMENTS, ZONES)
def test_equal_times_mean_never(clock: time, moment: datetime, zone: ZoneInfo) -> None:
    assert QuietHours(clock, clock).ending(moment, zone) is None


@pytest.mark.parametrize(
    ("clock", "held"), [("21:59", False), ("22:00", True), ("00:00", True), ("06:59", True), ("07:00", False)]
)
def test_they_are_half_open_and_pass_midnight(clock: str, held: bool) -> None:
    assert QuietHours(time(22), time(7)).hold(time.fromisoformat(clock)) is held


@given(st.sampled_from(InQuietHours), MOMENTS, st.integers(-600, 600))
def test_nothing_waits_beyond_its_deadline_and_only_what_waits_is_lost(
    how: InQuietHours, ending: datetime, minutes: int
) -> None:
    deadline = ending + minutes * MINUTE
    wait = waiting(how, ending, deadline)
    assert wait.until in (None, ending)
    assert (wait.until is not None) == (how is not InQuietHours.TELL and ending < deadline)
    assert wait.lost == (how is InQuietHours.WAIT and ending >= deadline)
    assert waiting(how, None, deadline).until is None


@given(st.sampled_from(InQuietHours), CLOCKS, CLOCKS, ZONES, MOMENTS)
def test_what_a_message_keeps_of_quiet_hours_is_what_planning_read(
    how: InQuietHours, start: time, end: time, zone: ZoneInfo, moment: datetime
) -> None:
    quiet, deadline = QuietHours(start, end), moment + timedelta(hours=6)
    kept = spared_from(str(Spared(how, quiet, zone.key)))
    assert kept.wait(moment, deadline) == waiting(how, quiet.ending(moment, zone), deadline)


LATE = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
"""Half past eleven at night in the community."""


async def fates(stage: Stage) -> dict[str, tuple[str, str | None]]:
    return {row["person"]: (row["state"], row["reason"]) for row in await stage.messages()}


async def wish(stage: Stage, person: str, **said: Any) -> None:
    wishes = replace(SILENT, **said)
    async with stage.works.for_system("test", stage.community) as work:
        await change_preferences(work, stage.community, person, wishes, seen=None)


async def test_what_is_planned_at_night_waits_for_the_morning_and_then_rings(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    stage.clock.time = LATE
    for index, person in enumerate(("sleeper", "urgent", "owl", "early")):
        await stage.contact(person, number(index))
    await wish(stage, "owl", any_time=frozenset({"case-work"}))
    await wish(stage, "early", quiet=QuietHours(time(21), time(5)))
    for person in ("sleeper", "urgent", "owl", "early"):
        priority = "urgent" if person == "urgent" else "ordinary"
        await stage.plan(stage.event(assigned(uuid4(), Assignee(person=person), None, priority=priority)))
    held = ("held", "quiet-hours")
    assert await fates(stage) == {
        "sleeper": held, "urgent": ("ready", None), "owl": ("ready", None), "early": held,
    }  # fmt: skip
    await lanes.send_all(stage.works)
    assert len(await handsets.ledger()) == 2
    await watch_queue(stage.works)
    assert REGISTRY.get_sample_value("linli_messages_held") == 2
    for clock, released in (("04:59", 0), ("05:00", 1), ("06:59", 0), ("07:00", 1)):
        stage.clock.time = datetime.fromisoformat(f"2026-03-03T{clock}:00+08:00")
        assert await release_held(stage.works) == released
    await lanes.send_all(stage.works)
    assert [line["to"] for line in await handsets.ledger()][2:] == [number(3), number(0)]
    (row,) = (row for row in await stage.messages() if row["person"] == "sleeper")
    async with stage.works.for_system("test") as work:
        story = await explain_message(work, stage.community, row["id"])
    assert "In quiet hours it was held until 2026-03-02T23:00:00+00:00." in story.why


async def test_what_is_tried_again_waits_through_the_night_too(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    """Planned by day, while the provider is away until after midnight."""
    stage.clock.time = LATE - timedelta(hours=3)
    rule = {"sleeper": "ordinary", "urgent": "urgent", "unknown": "ordinary"}
    for index, (person, priority) in enumerate(rule.items()):
        await stage.contact(person, number(index))
        await stage.plan(stage.event(assigned(uuid4(), Assignee(person=person), None, priority=priority)))
    # Nobody knows of one whether it has left; of the others it is certain that they have not.
    await stage.database.system.execute("UPDATE messages SET state = 'unknown' WHERE person = 'unknown'")
    await handsets.fault("throttle", channel="sms", count=2)
    for clock in (LATE - timedelta(hours=3), LATE, LATE + timedelta(hours=2)):
        stage.clock.time = clock
        lanes.woken()
        await due_now(stage)
        await lanes.send_all(stage.works)
    assert await fates(stage) == {
        "sleeper": ("held", "quiet-hours"),
        "urgent": ("accepted", None),
        "unknown": ("unknown", "quiet-hours"),
    }
    waiting = [row for row in await stage.messages() if row["person"] != "urgent"]
    for row in waiting:
        tries = await stage.rows("SELECT count(*) FROM attempts WHERE message_id = $1", row["id"])
        assert row["attempts"] == tries[0]["count"]
    assert {row["held_until"] for row in waiting} == {datetime(2026, 3, 2, 23, 0, tzinfo=UTC)}
    # What a try before the last one came to says nothing of whether the last has left.
    late = [Settlement(row["id"], row["attempts"] - 1, State.READY, row["next_at"]) for row in waiting]
    async with stage.works.for_system("test") as work:
        assert await settle(work.connection, late) == {}
    await due_now(stage)
    await lanes.send_all(stage.works)
    assert [line["to"] for line in await handsets.ledger()] == [number(1)]
    stage.clock.time = waiting[0]["held_until"]
    assert await release_held(stage.works) == 2
    assert await fates(stage) | {"urgent": None} == {
        "sleeper": ("ready", None),
        "urgent": None,
        "unknown": ("unknown", None),
    }
    await lanes.send_all(stage.works)
    assert sorted(line["to"] for line in await handsets.ledger()) == [number(0), number(1), number(2)]


async def test_what_the_night_outlasts_is_given_up_when_it_begins(stage: Stage, lanes: Lanes) -> None:
    stage.clock.time = LATE - timedelta(hours=3)
    await stage.contact("sleeper", number(1))
    await stage.plan(
        stage.event(assigned(uuid4(), Assignee(person="sleeper"), None), time=LATE - timedelta(hours=20))
    )
    await stage.contact("other", number(2))
    await stage.plan(
        stage.event(assigned(uuid4(), Assignee(person="other"), None), time=LATE - timedelta(hours=24))
    )
    stage.clock.time = LATE
    await lanes.send_all(stage.works)
    assert await fates(stage) == {"sleeper": ("expired", "quiet-hours"), "other": ("expired", "expired")}


async def test_what_is_let_go_together_leaves_in_the_order_in_which_it_happened(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    stage.clock.time = LATE
    await stage.contact("follower", number(1))
    case, order = uuid4(), [5, 2, 8, 1, 7, 3, 6, 4]
    for sequence in order:
        due = LATE + timedelta(hours=sequence)
        fact = IssueOverdue(
            case=case, category="noise", priority="ordinary", told=Assignee(person="follower"), due_at=due,
            level=2, escalated_at=LATE,
        )  # fmt: skip
        await stage.plan(stage.event(fact, sequence))
    stage.clock.time = LATE + timedelta(hours=8)
    assert await release_held(stage.works) == len(order)
    await lanes.send_all(stage.works)
    rung = [line["text"].partition("期限")[2][:9] for line in await handsets.ledger()]
    assert len(set(rung)) == len(order)
    assert rung == sorted(rung, key=lambda text: text.partition("月")[2].zfill(9))


async def test_what_is_declined_while_it_is_about_to_leave_and_does_not_is_not_tried_again(
    stage: Stage, lanes: Lanes
) -> None:
    for index, person in enumerate(("declines", "hears")):
        await stage.contact(person, number(index))
        await stage.plan(stage.event(assigned(uuid4(), Assignee(role="guard"), person)))
    sender = Sender(lanes.sms)
    async with stage.works.for_system("test") as work:
        _, claimed, _ = await sender._claim(work)
    await wish(stage, "declines", declined=frozenset({"case-progress"}))
    assert {state for state, _ in (await fates(stage)).values()} == {"submitting"}
    async with stage.works.for_system("test") as work:
        await sender._record(work, claimed, [Answer(Result.NOT_SENT)] * len(claimed))
    assert await fates(stage) == {"declines": ("suppressed", "declined"), "hears": ("ready", None)}
    (failed,) = await stage.published("linli.notify.message-failed.v1")
    assert (failed["person"], failed["reason"]) == ("declines", "declined")


async def test_what_would_be_too_late_in_the_morning_is_given_up_or_told_at_once(stage: Stage) -> None:
    stage.clock.time = LATE
    await stage.contact("sleeper", number(1))
    old = stage.event(assigned(uuid4(), Assignee(person="sleeper"), None), time=LATE - timedelta(hours=20))
    await stage.plan(old)
    assert await fates(stage) == {"sleeper": ("expired", "quiet-hours")}
    (failed,) = await stage.published("linli.notify.message-failed.v1")
    assert failed["reason"] == "quiet-hours"
    claim = TaskClaimed(
        task=uuid4(), kind="carry-home", claim=uuid4(), number=1, volunteer=uuid4(), person="nobody",
        starts_at=LATE, ends_at=LATE + timedelta(hours=1), asked_by="sleeper",
    )  # fmt: skip
    await stage.plan(stage.event(claim))
    assert {row["state"] for row in await stage.messages() if row["event_type"] == claim.event_type} == {
        "ready",
        "suppressed",
    }


async def test_who_declines_a_category_hears_nothing_of_it_any_more(api: Api) -> None:
    operator, person = api.of("op", "operator"), api.of("p-1", "resident")
    path = "/contacts/p-1/preferences"
    assert (await api.http.get(path, headers=person)).status_code == 404
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    silent = await api.http.get(path, headers=person)
    assert (silent.json()["version"], silent.json()["community_quiet_hours"]["starts"]) == (0, "22:00")
    names = {each["category"]: each["can_decline"] for each in silent.json()["categories"]}
    assert (names["case-progress"], names["case-work"]) == (True, False)
    await api.plan("someone", reporter="p-1")
    declined = {
        "categories": {"case-progress": {"told": False}},
        "quiet_hours": {"starts": "20:00", "ends": "09:00"},
    }
    said = await api.http.put(path, json=declined, headers=person)
    assert (said.status_code, said.json()["quiet_hours"]["ends"]) == (200, "09:00"), said.text
    await api.plan("someone", reporter="p-1")
    listed = (await api.http.get("/messages", params={"person": "p-1"}, headers=operator)).json()["items"]
    assert [(each["state"], each["reason"]) for each in listed] == [("suppressed", "declined")] * 2
    assert (await api.http.put(path, json={}, headers=operator)).status_code == 428
    again = await api.http.put(path, json={}, headers={**operator, "If-Match": said.headers["etag"]})
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert all(each["told"] for each in again.json()["categories"])
    must = {"categories": {"case-work": {"told": False}}}
    refused = await api.http.put(path, json=must, headers={**person, "If-Match": again.headers["etag"]})
    assert refused.json()["errors"][0]["pointer"] == "categories.case-work.told"
    assert (await api.http.get(path, headers=api.of("p-2", "resident"))).status_code == 403
    await api.http.delete("/contacts/p-1", headers={**person, "If-Match": '"1"'})
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    assert (await api.http.get(path, headers=person)).json()["version"] == 0


async def test_a_community_sets_its_own_quiet_hours(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    seen = await api.http.get("/preferences", headers=api.of("p-1", "resident"))
    assert (await api.plan("p-1"))["state"] == "ready"
    ours = seen.json()["preferences"] | {"quiet_hours": {"starts": "00:00", "ends": "23:59"}}
    published = await api.http.put(
        "/preferences", json=ours, headers={**operator, "If-Match": seen.headers["etag"]}
    )
    assert (published.status_code, published.json()["origin"]) == (200, "community"), published.text
    held = await api.plan("p-1")
    assert (held["state"], held["reason"]) == ("held", "quiet-hours")
    assert held["held_until"].endswith("T15:59:00Z")
    assert len((await api.http.get("/preferences/versions", headers=operator)).json()["items"]) == 2
