"""Planning: exactly whom the rules name, once, whatever repeats and in whatever order events come."""

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from services.notify.domain.contacts import Language
from shared.contracts import (
    Assignee,
    Event,
    HouseholdRegistered,
    IssueAccepted,
    IssueOverdue,
    IssueReported,
    IssueResolved,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
    VehicleRegistered,
    VolunteerRegistered,
)
from tests.notify.stage import BUILDING, COMPOUND, MORNING, Stage, assigned, number

pytestmark = pytest.mark.anyio


async def furnish(stage: Stage) -> None:
    """A compound with a building, guards of the compound, a reporter, and a household."""
    await stage.register(
        stage.event(
            PlaceRegistered(place=BUILDING, kind="building", parent=COMPOUND, name="合源小区12幢", code="12")
        ),
        stage.event(
            PlaceRegistered(
                place=COMPOUND, kind="compound", parent=stage.community, name="合源小区", code="HY"
            )
        ),
        stage.event(RoleGranted(grant=uuid4(), person="guard-1", role="guard", place=COMPOUND)),
        stage.event(RoleGranted(grant=uuid4(), person="guard-2", role="guard", place=COMPOUND)),
        stage.event(
            HouseholdRegistered(household=COMPOUND, unit=BUILDING, persons=("resident-1", "resident-2"))
        ),
    )
    for index, person in enumerate(("reporter", "guard-1", "guard-2", "resident-1", "resident-2")):
        await stage.contact(person, number(index))


async def test_an_assigned_case_reaches_its_role_and_its_reporter(stage: Stage) -> None:
    await furnish(stage)
    case = uuid4()
    await stage.plan(
        stage.event(
            assigned(case, Assignee(role="guard")), traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01"
        )
    )
    rows = await stage.messages()
    assert [(row["person"], row["category"], row["state"]) for row in rows] == [
        ("guard-1", "case-work", "ready"),
        ("guard-2", "case-work", "ready"),
        ("reporter", "case-progress", "ready"),
    ]
    assert {row["about_id"] for row in rows} == {case}
    assert all(row["traceparent"].startswith("00-aaaa") for row in rows)
    text = rows[0]["content"]["sms"]
    assert text == f"【邻里】请处理“噪声扰民”，编号{case.hex[-6:].upper()}，合源小区12幢。"
    assert (rows[0]["encoding"], rows[0]["segments"]) == ("UCS-2", 1)
    assert "门岗保安" in rows[2]["content"]["sms"]


async def test_each_person_reads_their_own_language_and_the_communitys_time(stage: Stage) -> None:
    await furnish(stage)
    await stage.contact("reporter", number(0), language=Language.EN)
    due = MORNING + timedelta(hours=2)
    await stage.plan(stage.event(assigned(uuid4(), Assignee(role="guard"), due_at=due)))
    texts = {row["person"]: row["content"]["sms"] for row in await stage.messages()}
    assert "3月2日10:15前" in texts["guard-1"]
    assert "due 2 Mar 10:15" in texts["reporter"]
    assert "the guards" in texts["reporter"]


async def test_repeats_and_any_order_plan_the_same(stage: Stage) -> None:
    await furnish(stage)
    chance = random.Random(7)
    events: list[Event[Any]] = []
    for number_ in range(40):
        case = uuid4()
        events += [
            stage.event(
                assigned(case, Assignee(role="guard") if number_ % 2 else Assignee(person="guard-2")), 2
            ),
            stage.event(
                IssueResolved(
                    case=case, category="noise", reporter="reporter", resolver="guard-1", resolved_at=MORNING
                ),
                3,
            ),
            stage.event(
                VehicleRegistered(
                    vehicle=uuid4(), household=COMPOUND, masked_plate="浙L·**123", index=1, valid_from=MORNING
                )
            ),
            stage.event(
                VolunteerRegistered(volunteer=uuid4(), person="resident-1", kind="resident", state="active")
            ),
        ]
    chance.shuffle(events)
    await stage.plan(*events, *events[:30])
    first = await stage.messages()
    for _ in range(3):
        chance.shuffle(events)
        for start in range(0, len(events), 23):
            await stage.plan(*events[start : start + 23])
    assert await stage.messages() == first
    # By hand: two guards of the role or one person, the reporter twice, a household of two, a volunteer.
    assert len(first) == 20 * (2 + 1) + 20 * (1 + 1) + 40 + 40 * 2 + 40
    assert len({row["intent"] for row in first}) == len(first)


async def test_a_role_that_nobody_holds_is_counted(stage: Stage) -> None:
    labels = {"rule": "case-assigned"}
    before = REGISTRY.get_sample_value("linli_rules_unheard_total", labels) or 0
    await stage.plan(stage.event(assigned(uuid4(), Assignee(role="guard"), None)))
    assert REGISTRY.get_sample_value("linli_rules_unheard_total", labels) == before + 1


async def test_imported_history_says_nothing(stage: Stage) -> None:
    await furnish(stage)
    await stage.plan(stage.event(assigned(uuid4(), Assignee(person="guard-1")), imported=True))
    assert await stage.messages() == []


async def test_who_cannot_be_reached_is_on_record_and_told_to_others(stage: Stage) -> None:
    await stage.contact("reporter", push=None, phone=None)
    event = stage.event(assigned(uuid4(), Assignee(person="nobody")))
    await stage.plan(event)
    await stage.plan(event)
    rows = await stage.messages()
    assert [(row["person"], row["state"], row["reason"]) for row in rows] == [
        ("nobody", "suppressed", "no-contact"),
        ("reporter", "suppressed", "no-channel"),
    ]
    failed = await stage.published("linli.notify.message-failed.v1")
    assert sorted((each["person"], each["reason"]) for each in failed) == [
        ("nobody", "no-contact"),
        ("reporter", "no-channel"),
    ]


async def test_the_first_channel_a_person_has_is_taken(stage: Stage) -> None:
    await stage.contact("reporter", number(1), push="device-1")
    await stage.plan(stage.event(assigned(uuid4(), Assignee(volunteers=True))))
    (row,) = await stage.messages()
    assert row["channel"] == "push"
    assert set(row["content"]) == {"title", "body"}
    assert row["segments"] is None


async def test_urgent_cases_make_urgent_messages_and_deadlines_follow_the_event(stage: Stage) -> None:
    await furnish(stage)
    ordinary, urgent = (
        stage.event(assigned(uuid4(), Assignee(person="guard-1"), None, priority=priority), time=MORNING)
        for priority in ("ordinary", "urgent")
    )
    # Of a level that nothing could say for two days; and of one whose event alone comes two days late.
    level: dict[str, Any] = {"case": uuid4(), "category": "noise", "priority": "ordinary", "level": 2}
    level |= {"due_at": MORNING - timedelta(days=3), "told": Assignee(person="guard-2")}
    due = MORNING - timedelta(days=2)
    said, unread = (stage.event(IssueOverdue(escalated_at=at, **level), time=due) for at in (MORNING, due))
    await stage.plan(ordinary, urgent, said, unread)
    rows = {row["event_id"]: row for row in await stage.messages()}
    assert (rows[said.id]["state"], rows[said.id]["deadline"]) == ("ready", MORNING + timedelta(days=1))
    assert rows[unread.id]["deadline"] == MORNING - timedelta(days=1)
    assert rows[urgent.id]["urgency"] == 1
    assert "紧急" in rows[urgent.id]["content"]["sms"]
    assert rows[ordinary.id]["urgency"] == 0
    assert rows[ordinary.id]["deadline"] == MORNING + timedelta(days=1)


async def test_a_report_alone_tells_who_has_to_look_and_its_reporter(stage: Stage) -> None:
    await furnish(stage)
    granted = RoleGranted(grant=uuid4(), person="guard-2", role="dispatcher", place=stage.community)
    await stage.register(stage.event(granted))
    case = uuid4()
    known: dict[str, Any] = {
        "case": case,
        "category": "noise",
        "priority": "ordinary",
        "reporter": "reporter",
    }
    fact = IssueReported(**known, state="reported", reported_at=MORNING)
    await stage.plan(stage.event(fact))
    assert await stage.messages() == [], "it is dispatched in the same breath"
    told = Assignee(role="dispatcher", place=stage.community)
    await stage.plan(stage.event(fact.model_copy(update={"told": told}), 1))
    looking = {row["person"]: row for row in await stage.messages()}
    assert "待受理" in looking["guard-2"]["content"]["sms"]
    assert "已收到" in looking["reporter"]["content"]["sms"]
    assert {row["state"] for row in looking.values()} == {"ready"}
    # Accepted and dispatched: one message to the reporter, and nothing left to look at.
    await stage.plan(
        stage.event(IssueAccepted(**known, accepted_at=MORNING), 2),
        stage.event(assigned(case, Assignee(person="guard-1"), "reporter"), 3),
    )
    waiting = [row["person"] for row in await stage.messages() if row["state"] == "ready"]
    assert sorted(waiting) == ["guard-1", "reporter"]


async def test_the_register_bears_repeats_old_news_and_ends_without_beginnings(stage: Stage) -> None:
    grant, place = uuid4(), uuid4()
    granted = RoleGranted(grant=grant, person="old", role="guard", place=stage.community)
    revoked = RoleRevoked(grant=grant, person="old", role="guard", place=stage.community)
    await stage.register(stage.event(revoked, 2), stage.event(PlaceClosed(place=place), 5))
    await stage.register(
        stage.event(granted, 1),
        stage.event(
            PlaceRegistered(place=place, kind="compound", parent=stage.community, name="旧", code="O"), 4
        ),
    )
    assert [row["revoked"] for row in await stage.rows("SELECT revoked FROM grants")] == [True]
    assert [row["closed"] for row in await stage.rows("SELECT closed FROM places")] == [True]
    await stage.register(stage.event(granted, 3))
    assert [row["revoked"] for row in await stage.rows("SELECT revoked FROM grants")] == [False]


async def test_another_community_changes_and_reaches_nobody_here(stage: Stage) -> None:
    await furnish(stage)
    elsewhere = uuid4()
    await stage.register(
        stage.event(
            PlaceRegistered(place=BUILDING, kind="building", parent=COMPOUND, name="别处", code="X"),
            9,
            community=elsewhere,
        )
    )
    await stage.plan(
        stage.event(assigned(uuid4(), Assignee(role="guard")), community=elsewhere),
        stage.event(assigned(uuid4(), Assignee(person="guard-1")), community=elsewhere),
    )
    rows = await stage.messages()
    assert {row["state"] for row in rows} == {"suppressed"}
    assert {row["community_id"] for row in rows} == {elsewhere}
    assert await stage.rows("SELECT name FROM places WHERE id = $1", BUILDING) == [{"name": "合源小区12幢"}]
