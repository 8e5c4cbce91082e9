"""What is no longer true is taken back while it is unsent, in whatever order the events are processed."""

import itertools
import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels.provider import Answer, Result
from services.notify.domain.withdrawals import Withdrawal, Withdrawals, newest
from services.notify.usecases.explain_message import explain_message
from services.notify.usecases.forget_past import forget_past
from services.notify.usecases.send_messages import Sender
from shared.contracts import (
    Assignee,
    Event,
    IssueClosed,
    IssueResolved,
    ViolationCleared,
    ViolationEscalated,
    ViolationOpened,
)
from tests.notify.stage import BUILDING, MORNING, Handsets, Lanes, Stage, assigned, number

pytestmark = pytest.mark.anyio


def closed(case: UUID) -> IssueClosed:
    return IssueClosed(
        case=case, category="noise", priority="ordinary", reporter="reporter", followers=("fan", "reporter"),
        closed_at=MORNING, checked=True,
    )  # fmt: skip


async def people(stage: Stage, *persons: str) -> None:
    for index, person in enumerate(persons):
        await stage.contact(person, number(index), push=f"device-{index}")


async def states(stage: Stage) -> Mapping[tuple[str, str], list[str]]:
    """The states of each person's messages by their rules."""
    rows = await stage.rows(
        """SELECT person, name, state FROM messages JOIN rulebook ON rulebook.id = rule_entry
           ORDER BY event_sequence"""
    )
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row["person"], row["name"]), []).append(row["state"])
    return found


async def test_any_order_and_any_chunks_end_alike(stage: Stage) -> None:
    await people(stage, "first", "second", "reporter", "fan")
    cases = [uuid4() for _ in range(6)]
    lives = [
        [
            stage.event(assigned(case, Assignee(person="first")), 1),
            stage.event(assigned(case, Assignee(person="second")), 2),
            stage.event(closed(case), 3),
        ]
        for case in cases
    ]
    # Each case's events in an order of its own, all six there are, and then cut into chunks anywhere.
    orders = list(itertools.permutations(range(3)))
    events: list[Event[Any]] = []
    for turn in range(3):
        events += [life[order[turn]] for life, order in zip(lives, orders, strict=True)]
    chance = random.Random(5)
    while events:
        size = chance.randrange(1, 5)
        await stage.plan(*events[:size])
        events = events[size:]
    assert await states(stage) == {
        ("first", "case-assigned"): ["cancelled"] * 6,
        ("second", "case-assigned"): ["cancelled"] * 6,
        ("reporter", "case-handed-over"): ["cancelled"] * 12,
        ("reporter", "case-closed"): ["ready"] * 6,
        ("fan", "case-closed"): ["ready"] * 6,
    }
    assert await stage.published("linli.notify.message-failed.v1") == []


async def test_what_is_done_is_nobodys_work_until_it_turns_out_not_to_be(stage: Stage) -> None:
    await people(stage, "first", "reporter")
    case = uuid4()
    given = assigned(case, Assignee(person="first"))
    done = IssueResolved(
        case=case, category="noise", reporter="reporter", resolver="second", resolved_at=MORNING
    )
    await stage.plan(stage.event(given, 1), stage.event(done, 2))
    assert (await states(stage))["first", "case-assigned"] == ["cancelled"]
    assert (await states(stage))["reporter", "case-resolved"] == ["ready"]
    await stage.plan(stage.event(given.model_copy(update={"again": True}), 3))
    assert (await states(stage))["first", "case-assigned"] == ["cancelled", "ready"]
    heard = {rule: each for (person, rule), each in (await states(stage)).items() if person == "reporter"}
    assert heard == {
        "case-handed-over": ["cancelled"],
        "case-resolved": ["cancelled"],
        "case-not-fixed": ["ready"],
    }


async def test_what_has_left_or_is_about_to_is_left_alone(stage: Stage, lanes: Lanes) -> None:
    await people(stage, "first", "second")
    sent, taken, waiting = uuid4(), uuid4(), uuid4()
    await stage.plan(stage.event(assigned(sent, Assignee(person="first"), None), 1))
    await lanes.send_all(stage.works)
    await stage.plan(stage.event(assigned(taken, Assignee(person="first"), None), 1))
    sender = Sender(lanes.push)
    async with stage.works.for_system("test") as work:
        _, claimed, _ = await sender._claim(work)
    await stage.plan(stage.event(assigned(waiting, Assignee(person="first"), None), 1))
    for case in (sent, taken, waiting):
        await stage.plan(stage.event(assigned(case, Assignee(person="second"), None), 2))
    found = {(row["about_id"], row["person"]): row for row in await stage.messages()}
    assert [found[case, "first"]["state"] for case in (sent, taken, waiting)] == [
        "accepted",
        "submitting",
        "cancelled",
    ]
    async with stage.works.for_system("test") as work:
        story = await explain_message(work, stage.community, found[waiting, "first"]["id"])
    assert story.why[-1].startswith("It was cancelled before it left: linli.issues.issue-assigned.v1 (")
    assert story.why[-1].endswith("made it untrue, by the rule case-assigned.")
    # What was about to leave and did not is taken back.
    async with stage.works.for_system("test") as work:
        await sender._record(work, claimed, [Answer(Result.NOT_SENT)])
    (row,) = [
        each for each in await stage.messages() if (each["about_id"], each["person"]) == (taken, "first")
    ]
    assert (row["state"], row["reason"]) == ("cancelled", "withdrawn")
    assert await stage.published("linli.notify.message-failed.v1") == []


async def test_another_thing_and_another_community_keep_their_messages(stage: Stage) -> None:
    await people(stage, "first")
    case, elsewhere = uuid4(), uuid4()
    await stage.plan(stage.event(assigned(case, Assignee(person="first"), None), 1))
    await stage.plan(stage.event(closed(uuid4()), 9), stage.event(closed(case), 9, community=elsewhere))
    assert (await states(stage))["first", "case-assigned"] == ["ready"]


async def test_a_car_is_told_of_by_push_then_by_sms_and_no_more_once_it_has_moved(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    """The second notice goes by SMS whatever there is, and is cancelled when the car has moved."""
    await people(stage, "host")
    known: dict[str, Any] = {
        "place": BUILDING,
        "kind": "fire-lane",
        "masked_plate": "浙B·**668",
        "told": Assignee(person="host"),
    }
    stays, moves = uuid4(), uuid4()
    again: dict[str, Any] = {"step": 1, "action": "tell-again", "escalated_at": MORNING}
    for violation in (stays, moves):
        await stage.plan(stage.event(ViolationOpened(violation=violation, opened_at=MORNING, **known), 1))
    await lanes.send_all(stage.works)
    for violation in (stays, moves):
        await stage.plan(stage.event(ViolationEscalated(violation=violation, **again, **known), 2))
    over = ViolationCleared(violation=moves, outcome="moved", cleared_at=MORNING, **known)
    await stage.plan(stage.event(over, 3))
    await lanes.send_all(stage.works)
    heard = [(line["channel"], line["template"]) for line in await handsets.ledger()]
    assert heard[:2] == [("push", "violation-alert")] * 2
    assert sorted(heard[2:]) == [("push", "violation-over"), ("sms", "violation-alert-again")]


async def test_withdrawals_are_forgotten_when_nothing_can_come_again(stage: Stage) -> None:
    await stage.plan(stage.event(closed(uuid4()), 3))
    assert await forget_past(stage.works) == 0
    await stage.database.system.execute("UPDATE withdrawals SET at = at - interval '22 days'")
    assert await forget_past(stage.works) == 1


THING = (uuid4(), uuid4())
SAID = st.builds(
    lambda rule, names, sequence: Withdrawal(*THING, rule, names, sequence, uuid4(), "t"),
    st.sampled_from("ab"),
    st.sampled_from([("x",), ("x", "y")]),
    st.integers(1, 5),
)


@given(st.lists(SAID, max_size=6), st.sampled_from("xyz"), st.integers(0, 6))
def test_only_what_came_before_a_withdrawal_is_covered(
    said: list[Withdrawal], rule: str, sequence: int
) -> None:
    expected = any(rule in each.withdraws and sequence < each.sequence for each in said)
    assert Withdrawals(said).cover(THING, rule, sequence) is expected
    latest = newest(said)
    assert all(latest[each.thing, each.rule].sequence >= each.sequence for each in said)
