"""Sending, judged by the phones' own ledger: whatever goes wrong, each intent rings exactly once."""

import asyncio
import itertools
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from services.notify.domain.intents import token_of
from services.notify.domain.states import State
from services.notify.domain.urgency import Urgency
from services.notify.store import sending
from services.notify.usecases.erase_contact import erase_contact
from services.notify.usecases.send_messages import Sender
from services.notify.usecases.watch_queue import watch_queue
from shared.contracts import Assignee
from tests.notify.stage import Handsets, Lanes, Stage, assigned, due_now, number

pytestmark = pytest.mark.anyio

TRACE = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


async def planned(stage: Stage, count: int) -> None:
    """Cases of as many handlers, every third of whom has the app."""
    for index in range(count):
        push = f"device-{index}" if index % 3 == 0 else None
        await stage.contact(f"handler-{index}", number(index), push)
    events = [
        stage.event(assigned(uuid4(), Assignee(person=f"handler-{index}"), None), traceparent=TRACE)
        for index in range(count)
    ]
    await stage.plan(*events)


async def assert_each_rang_once(stage: Stage, handsets: Handsets) -> None:
    """Every message stands accepted, and the phones have each token once."""
    rows = await stage.messages()
    assert {row["state"] for row in rows} == {"accepted"}
    rung = Counter(line["token"] for line in await handsets.ledger() if line["status"] == "accepted")
    assert rung == {token_of(row["id"]): 1 for row in rows}


async def test_messages_ring_with_their_words_language_and_trace(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await planned(stage, 7)
    assert await lanes.send_all(stage.works) == 7
    await assert_each_rang_once(stage, handsets)
    lines = await handsets.ledger()
    texts = Counter(line["channel"] for line in lines)
    assert texts == {"push": 3, "sms": 4}
    assert all(line["traceparent"].split("-")[1] == "ab" * 16 for line in lines)
    assert {line["template"] for line in lines} == {"case-assigned"}
    assert {line["language"] for line in lines} == {"zh"}
    sms = next(line for line in lines if line.get("to") == number(1))
    assert sms["text"].startswith("【邻里】请处理")


@pytest.mark.parametrize(
    ("mode", "script"),
    [
        ("drop-answer", {"count": 3}),
        ("error-after-accept", {"count": 3}),
        ("throttle", {"count": 2, "seconds": 1}),
        ("unavailable", {"count": 3}),
        ("slow", {"count": 2, "seconds": 0.3}),
        ("none", {}),
    ],
)
async def test_every_fault_ends_in_exactly_one_ring(
    stage: Stage, lanes: Lanes, handsets: Handsets, mode: str, script: dict[str, float]
) -> None:
    await planned(stage, 12)
    await handsets.fault(mode, **script)
    for _ in range(8):
        await lanes.send_all(stage.works)
        lanes.woken()
        await due_now(stage)
    await assert_each_rang_once(stage, handsets)


async def test_what_is_refused_for_good_fails_once_and_says_so(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await planned(stage, 3)
    await handsets.fault("refuse")
    await lanes.send_all(stage.works)
    await due_now(stage)
    assert await lanes.send_all(stage.works) == 0
    assert {(row["state"], row["reason"]) for row in await stage.messages()} == {
        ("rejected", "number-refused")
    }
    failed = await stage.published("linli.notify.message-failed.v1")
    assert {each["reason"] for each in failed} == {"rejected"}
    assert len(failed) == 3
    assert all(each["_headers"]["ce_sequence"].endswith("2") for each in failed)


async def test_a_provider_that_is_away_starves_no_other(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await planned(stage, 6)
    await handsets.fault("unavailable", channel="push")
    await lanes.send_all(stage.works)
    states = {(row["channel"], row["state"]) for row in await stage.messages()}
    assert states == {("sms", "accepted"), ("push", "unknown")}
    assert lanes.push.resting
    assert not lanes.sms.resting


async def test_a_throttled_lane_rests_as_long_as_it_is_told(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await planned(stage, 2)
    await handsets.fault("throttle", seconds=60, channel="sms")
    before = datetime.now(UTC)
    await lanes.send_all(stage.works)
    (row,) = [row for row in await stage.messages() if row["channel"] == "sms"]
    assert row["state"] == "ready"
    assert row["next_at"] - before > timedelta(seconds=55)
    assert await Sender(lanes.sms)(stage.works) == 0


async def test_a_sender_that_died_is_relieved_and_the_phone_rings_once(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await planned(stage, 4)
    # Dies after the provider has answered: exactly what it leaves behind is an attempt without a result.
    dying = Sender(lanes.sms)
    async with stage.works.for_system("test") as work:
        _, _, outgoing = await dying._claim(work)
    await lanes.sms.provider.submit(outgoing)
    assert await Sender(lanes.sms)(stage.works) == 0
    await due_now(stage)
    await lanes.send_all(stage.works)
    await assert_each_rang_once(stage, handsets)
    tries = await stage.rows("SELECT number, result FROM attempts WHERE provider = 'http-sms' ORDER BY 1")
    assert [(each["number"], each["result"]) for each in tries] == [(1, None)] * 2 + [(2, "accepted")] * 2


async def test_a_late_answer_of_a_relieved_sender_changes_nothing(stage: Stage, lanes: Lanes) -> None:
    await planned(stage, 2)
    async with stage.works.for_system("test") as work:
        _, claimed, _ = await Sender(lanes.sms)._claim(work)
    await due_now(stage)
    await lanes.send_all(stage.works)
    late = [
        sending.Settlement(each.subject.id, each.number, State.UNKNOWN, datetime.now(UTC)) for each in claimed
    ]
    async with stage.works.for_system("test") as work:
        assert await sending.settle(work.connection, late) == {}
    assert {row["state"] for row in await stage.messages()} == {"accepted"}


async def test_the_deadline_ends_all_tries(stage: Stage, lanes: Lanes, handsets: Handsets) -> None:
    await planned(stage, 2)
    await handsets.fault("unavailable", channel="sms", count=1)
    await Sender(lanes.sms)(stage.works)
    stage.clock.time += timedelta(days=2)
    lanes.woken()
    await due_now(stage)
    await lanes.send_all(stage.works)
    rows = {row["channel"]: (row["state"], row["reason"]) for row in await stage.messages()}
    assert rows == {"sms": ("expired", "expired-unknown"), "push": ("expired", "expired")}
    assert await handsets.ledger() == []
    reasons = [each["reason"] for each in await stage.published("linli.notify.message-failed.v1")]
    assert sorted(reasons) == ["expired", "expired-unknown"]


async def test_a_number_that_no_key_opens_is_given_up_and_holds_up_no_other(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await planned(stage, 6)
    system = stage.database.system
    await system.execute("UPDATE contacts SET phone_key = 'gone' WHERE person = 'handler-1'")
    await system.execute(
        "UPDATE contacts SET phone_sealed = set_byte(phone_sealed, 20, 1 - get_byte(phone_sealed, 20) % 2)"
        " WHERE person = 'handler-2'"
    )
    assert await lanes.send_all(stage.works) == 6
    states = {row["person"]: (row["state"], row["reason"]) for row in await stage.messages()}
    lost = {"handler-1": ("suppressed", "number-sealed"), "handler-2": ("suppressed", "number-sealed")}
    assert states == {f"handler-{index}": ("accepted", None) for index in range(6)} | lost
    failed = await stage.published("linli.notify.message-failed.v1")
    assert {each["person"]: each["reason"] for each in failed} == dict.fromkeys(lost, "number-sealed")
    assert len(await handsets.ledger()) == 4
    # Where the time is over that is what counts, whatever the number.
    await stage.plan(stage.event(assigned(uuid4(), Assignee(person="handler-1"), None)))
    stage.clock.time += timedelta(days=2)
    await lanes.send_all(stage.works)
    assert [row["state"] for row in await stage.messages()].count("expired") == 1


async def test_a_provider_that_always_says_in_a_second_is_asked_less_and_less(
    stage: Stage, lanes: Lanes, handsets: Handsets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "random", lambda: 0.99)
    await planned(stage, 2)
    # More tries than a smallint counts.
    await stage.database.system.execute("UPDATE messages SET attempts = 32767 WHERE channel = 'sms'")
    await handsets.fault("throttle", seconds=1, channel="sms")
    pauses = []
    for _ in range(8):
        lanes.woken()
        await due_now(stage)
        before = datetime.now(UTC)
        assert await Sender(lanes.sms)(stage.works) == 1
        (row,) = [row for row in await stage.messages() if row["channel"] == "sms"]
        pauses.append((row["next_at"] - before).total_seconds())
    assert all(after > 2 * before for before, after in itertools.pairwise(pauses[:5])), pauses
    assert 290 < pauses[-1] < 310
    assert row["attempts"] == 32775
    assert lanes.sms._rests_until - time.monotonic() > 5


async def test_an_erased_person_is_not_sought(stage: Stage, lanes: Lanes, handsets: Handsets) -> None:
    await planned(stage, 2)
    async with stage.works.for_system("test", stage.community) as work:
        await erase_contact(work, stage.community, "handler-1", seen=1)
    await lanes.send_all(stage.works)
    assert {row["person"]: row["state"] for row in await stage.messages()} == {
        "handler-0": "accepted",
        "handler-1": "suppressed",
    }
    assert [line["channel"] for line in await handsets.ledger()] == ["push"]


async def test_the_most_urgent_goes_first_and_has_a_sender_of_its_own(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    for index in range(3):
        await stage.contact(f"handler-{index}", number(index))
    for index, priority in enumerate(("ordinary", "urgent", "ordinary")):
        fact = assigned(uuid4(), Assignee(person=f"handler-{index}"), None, priority=priority)
        await stage.plan(stage.event(fact))
    assert await Sender(lanes.sms, least_urgent=Urgency.URGENT)(stage.works) == 1
    assert [line["to"] for line in await handsets.ledger()] == [number(1)]
    await lanes.send_all(stage.works)
    await assert_each_rang_once(stage, handsets)


async def test_many_senders_at_once_under_faults_ring_each_phone_once(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    await planned(stage, 400)
    await handsets.fault("drop-answer", count=4)

    async def work_through(sender: Sender) -> None:
        for _ in range(12):
            lanes.woken()
            await sender(stage.works)

    for _ in range(4):
        await asyncio.gather(
            *(work_through(Sender(lane)) for lane in (lanes.sms, lanes.push) for _ in range(3))
        )
        await due_now(stage, ("unknown",))
    await assert_each_rang_once(stage, handsets)
    numbers = await stage.rows(
        "SELECT message_id, count(*) AS tries FROM attempts GROUP BY 1 HAVING count(*) > 1"
    )
    assert numbers, "the faults hit nothing"


async def test_what_waits_is_measured(stage: Stage, lanes: Lanes) -> None:
    await planned(stage, 4)
    await stage.database.system.execute("UPDATE messages SET next_at = next_at - interval '90 s'")
    assert await watch_queue(stage.works) == 0
    labels = {"channel": "sms"}
    assert REGISTRY.get_sample_value("linli_messages_waiting", labels) == 2
    late = REGISTRY.get_sample_value("linli_messages_late_seconds", labels)
    assert late is not None
    assert 89 < late < 150
    await lanes.send_all(stage.works)
    await watch_queue(stage.works)
    assert REGISTRY.get_sample_value("linli_messages_waiting", labels) == 0
    assert REGISTRY.get_sample_value("linli_messages_late_seconds", labels) == 0
