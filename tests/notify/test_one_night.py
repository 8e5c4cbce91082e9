"""What a night holds of a case or a car: whatever happens, only what is still true comes in the morning."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.notify.usecases.check_template import examples_of
from services.notify.usecases.release_held import release_held
from shared.contracts import (
    FACTS,
    Assignee,
    Event,
    HouseholdRegistered,
    IssueOverdue,
    IssueResolved,
    IssueReturned,
    IssueStarted,
    RoleGranted,
    ViolationCleared,
    ViolationEscalated,
    ViolationOpened,
)
from tests.notify.stage import BUILDING, Handsets, Lanes, Stage, assigned, number

pytestmark = pytest.mark.anyio

NIGHT = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)

OVER = frozenset({"refused", "closed", "withdrawn"})
DONE = OVER | {"resolved"}
GONE = DONE | {"assigned", "returned"}
UNTRUE_BY = {
    "case-received": OVER | {"assigned"},
    "case-to-accept": OVER | {"assigned", "accepted"},
    "case-accepted": DONE | {"assigned"},
    "case-handed-over": GONE,
    "case-not-fixed": GONE,
    "case-started": GONE,
    "case-passed-on": DONE | {"assigned"},
    "case-resolved": OVER | {"assigned"},
    "case-to-check": OVER | {"assigned", "checked"},
    "case-to-close-unchecked": OVER | {"assigned", "checked"},
    "case-to-close": OVER | {"assigned"},
    "case-open-again": DONE,
    "case-closed": {"reopened"},
    "case-not-yours": {"assigned"},
    "case-dropped": set(),
    "case-assigned": GONE,
    "case-returned": DONE | {"assigned"},
    "case-reopened": GONE,
    "case-late": GONE | {"extended"},
    "case-overdue": DONE | {"extended"},
    "case-extended": GONE | {"extended"},
    "case-more-time": DONE | {"extended"},
    "case-time-asked": GONE | {"extended", "extension-asked", "extension-refused"},
    "case-time-refused": GONE | {"extended", "extension-asked"},
    "case-refused": set(),
    "case-withdrawn": set(),
    "case-taken-back": set(),
}
"""Of every message about a case, by which news of it nobody should hear it any more."""


def news(case: UUID) -> list[Any]:
    """One fact of every kind that there is of a case, each about people who can be reached."""
    people: dict[str, Any] = {
        "reporter": "reporter",
        "followers": ("fan",),
        "assignee": Assignee(person="handler"),
        "told": Assignee(person="boss"),
        "was_assigned_to": Assignee(person="former"),
        "priority": "ordinary",
        "place": BUILDING,
        "case": case,
    }
    facts = []
    for name, fact in FACTS.items():
        if name.startswith("linli.issues.issue-"):
            known = {field: value for field, value in people.items() if field in fact.model_fields}
            facts.append(examples_of(name)[0].data.model_copy(update=known))
    return [
        fact.model_copy(update=more)
        for fact in facts
        for more in {
            "IssueReported": ({"told": Assignee(role="operator"), "state": "reported"},),
            "IssueAssigned": ({"again": False}, {"again": True}),
            "IssueResolved": ({"check_needed": True}, {"check_needed": False}),
            "IssueOverdue": ({"level": 1, "escalated_at": NIGHT},),
        }.get(type(fact).__name__, ({},))
    ]


async def people(stage: Stage, *persons: str) -> None:
    stage.clock.time = NIGHT
    for index, person in enumerate(persons):
        await stage.contact(person, number(index), push=f"device-{index}")


async def test_each_news_of_a_case_takes_back_what_it_makes_untrue_and_nothing_else(stage: Stage) -> None:
    await people(stage, "reporter", "fan", "handler", "boss", "former")
    grant = RoleGranted(grant=uuid4(), person="boss", role="operator", place=stage.community)
    await stage.register(stage.event(grant))
    kinds = {name.split(".")[2].removeprefix("issue-") for name in FACTS if ".issue-" in name}
    cases = {kind: uuid4() for kind in sorted(kinds)}
    events: list[Event[Any]] = []
    for kind, case in cases.items():
        facts = news(case)
        # Of one sequence none of them is later than another; then comes the news.
        events += [stage.event(fact, 1) for fact in facts]
        latest = next(fact for fact in facts if f".issue-{kind}." in fact.event_type)
        events.append(stage.event(latest, 2))
    await stage.plan(*events)
    rows = await stage.rows(
        """SELECT about_id, name, state FROM messages JOIN rulebook ON rulebook.id = rule_entry
           WHERE event_sequence = 1"""
    )
    assert {row["name"] for row in rows} == set(UNTRUE_BY)
    assert {row["state"] for row in rows} == {"held", "cancelled"}
    for kind, case in cases.items():
        taken = {row["name"] for row in rows if row["about_id"] == case and row["state"] == "cancelled"}
        assert taken == {name for name, ends in UNTRUE_BY.items() if kind in ends}, kind


async def test_of_a_night_s_changes_people_hear_the_last_and_nobody_what_is_over(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await people(stage, "first", "second", "reporter", "office", "deputy")
    given_back, settled, returned = uuid4(), uuid4(), uuid4()
    common: dict[str, Any] = {"category": "noise", "priority": "ordinary", "reporter": "reporter"}
    office = Assignee(person="office")
    for case in (settled, given_back, returned):
        await stage.plan(stage.event(assigned(case, Assignee(person="first")), 1))
        start = IssueStarted(case=case, started_at=NIGHT, assignee=Assignee(person="first"), **common)
        await stage.plan(stage.event(start, 2))
        back = IssueReturned(case=case, reason="not-mine", returned_at=NIGHT, told=office, **common)
        await stage.plan(stage.event(back, 3))
    for case in (settled, given_back):
        await stage.plan(stage.event(assigned(case, Assignee(person="second")), 4))
    done = IssueResolved(
        case=settled, category="noise", reporter="reporter", resolver="second", resolved_at=NIGHT
    )
    await stage.plan(stage.event(done, 5))
    late = IssueOverdue(
        case=given_back, level=1, due_at=NIGHT, told=Assignee(person="deputy"), escalated_at=NIGHT,
        assignee=Assignee(person="second"), **common,
    )  # fmt: skip
    await stage.plan(stage.event(late, 5))
    stage.clock.time = MORNING
    assert await release_held(stage.works) == 7
    await lanes.send_all(stage.works)
    heard: dict[str, list[str]] = {}
    for line in await handsets.ledger():
        heard.setdefault(line["device"], []).append(line["template"])
    # The same lane and one batch: what came first of a case is heard first.
    assert heard == {
        "device-1": ["case-assigned", "case-late"],
        "device-2": ["case-passed-on", "case-handed-over", "case-resolved"],
        "device-3": ["case-returned"],
        "device-4": ["case-overdue"],
    }


async def test_a_household_hears_no_more_of_a_car_that_has_moved(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    """By day or night, the first notice and the second are taken back while they have not left."""
    await people(stage, "owner")
    household = uuid4()
    home = HouseholdRegistered(household=household, unit=uuid4(), persons=("owner",))
    await stage.register(stage.event(home))
    known: dict[str, Any] = {
        "place": BUILDING,
        "kind": "fire-lane",
        "masked_plate": "浙B·**668",
        "household": household,
    }
    again: dict[str, Any] = {"step": 1, "action": "tell-again", "escalated_at": NIGHT}
    stays, moves, at_once = uuid4(), uuid4(), uuid4()
    for violation in (stays, moves):
        await stage.plan(stage.event(ViolationOpened(violation=violation, opened_at=NIGHT, **known), 1))
    await lanes.send_all(stage.works)
    await stage.plan(stage.event(ViolationOpened(violation=at_once, opened_at=NIGHT, **known), 1))
    for violation in (stays, moves):
        await stage.plan(stage.event(ViolationEscalated(violation=violation, **again, **known), 2))
    for violation in (moves, at_once):
        over = ViolationCleared(violation=violation, outcome="moved", cleared_at=NIGHT, **known)
        await stage.plan(stage.event(over, 3))
    await lanes.send_all(stage.works)
    heard = [(line["channel"], line["template"]) for line in await handsets.ledger()]
    assert heard == [("push", "violation-notice")] * 2 + [("sms", "violation-notice-again")]
    rows = await stage.rows(
        """SELECT about_id, name FROM messages JOIN rulebook ON rulebook.id = rule_entry
           WHERE state = 'cancelled'"""
    )
    assert {(row["about_id"], row["name"]) for row in rows} == {
        (moves, "violation-notice-again"),
        (at_once, "violation-notice"),
    }
    # How it ended can wait for the morning.
    stage.clock.time = MORNING + timedelta(minutes=1)
    assert await release_held(stage.works) == 2
