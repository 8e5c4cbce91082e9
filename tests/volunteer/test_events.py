"""Cases become tasks by event, and their end goes back by event: over the real broker, and with repeats."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest

from services.parking.domain.violation_kind import SHIPPED
from services.volunteer.app import SERVICE
from services.volunteer.store import tasks
from services.volunteer.usecases.follow_cases import follow_cases
from services.volunteer.usecases.follow_violations import follow_violations
from shared.contracts import (
    Assignee,
    Event,
    IssueAssigned,
    IssueResolved,
    IssueWithdrawn,
    ViolationCleared,
    ViolationEscalated,
)
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.runtime.running import Activity, running
from tests.fixtures.bus import Bus
from tests.fixtures.identity import Issuer
from tests.fixtures.services import MakeSettings
from tests.volunteer.conftest import HERE, THERE, Volunteering

pytestmark = pytest.mark.anyio


def given_to(assignee: Assignee, case: Any = None, **envelope: Any) -> Event[IssueAssigned]:
    fact = IssueAssigned(
        case=case or new_id(),
        category="stairwell-clutter",
        place=new_id(),
        priority="ordinary",
        assignee=assignee,
        due_at=datetime.now(UTC) + timedelta(hours=2),
    )
    known: dict[str, Any] = {"time": datetime.now(UTC), "community": HERE, "sequence": 2}
    return Event(new_id(), "/linli/issues", data=fact, **known | envelope)


VOLUNTEERS, GUARDS = Assignee(volunteers=True), Assignee(role="guard")


@pytest.fixture
async def whole(
    service_settings: MakeSettings, issuer: Issuer, tmp_path: Path
) -> AsyncIterator[Volunteering]:
    """All of it but the schedule."""
    only = (Activity.api, Activity.relay, Activity.consumer)
    clock = tmp_path / "clock.json"
    async with running(SERVICE, service_settings("volunteer", clock_file=clock), only) as service:
        yield Volunteering(service, issuer, clock)


async def test_a_case_for_the_volunteers_is_one_task_whose_end_goes_back(
    whole: Volunteering, kafka_settings: KafkaSettings
) -> None:
    bus = Bus(kafka_settings.bootstrap_servers, kafka_settings.topic_prefix)
    event, others = given_to(VOLUNTEERS), [given_to(GUARDS), given_to(VOLUNTEERS, imported=True)]
    for each in (event, event, *others, event):
        record = to_record(each)
        bus.produce("linli.issues", record.value, key=record.key, headers=record.headers)
    entry = await whole.active("gu", "guard")
    (task,) = await board_with_tasks(whole)
    assert (task["kind"], task["about"]) == ("look-after-case", str(event.data.case))
    await whole.made("gu", "guard", f"/tasks/{task['id']}/claim", {"volunteer": entry})
    await whole.made("gu", "guard", f"/tasks/{task['id']}/check-in", {})
    done = {"outcome": "done", "evidence": ["photo:91bb02aa"]}
    await whole.made("gu", "guard", f"/tasks/{task['id']}/report", done)
    await told(whole)
    records = [
        r for r in await anyio.to_thread.run_sync(bus.records, "linli.volunteer") if ".task-" in r.type
    ]
    said = [(r.type.split(".")[2], json.loads(r.value or b"")) for r in records]
    assert [noun for noun, _ in said] == ["task-opened", "task-claimed", "task-completed"]
    about = {"type": "case", "id": str(event.data.case), "version": 2}
    assert all(fact["about"] == about for _, fact in said)
    assert said[2][1] | done == said[2][1]
    assert said[2][1]["volunteers"] == ["gu"]
    assert {record.key for record in records} == {task["id"].encode()}
    assert len((await whole.read("gu", "guard", "/tasks?state=completed"))["items"]) == 1


async def board_with_tasks(whole: Volunteering) -> list[dict[str, Any]]:
    for _ in range(300):
        if found := (await whole.read("gu", "guard", "/tasks"))["items"]:
            return list(found)
        await anyio.sleep(0.05)
    pytest.fail("the case became no task")


async def told(whole: Volunteering) -> None:
    for _ in range(300):
        async with whole.works.for_system("test") as work:
            if not await work.connection.fetchval("SELECT count(*) FROM outbox"):
                return
        await anyio.sleep(0.05)
    pytest.fail("the outbox did not drain")


async def test_a_case_that_goes_elsewhere_ends_its_task(quiet: Volunteering) -> None:
    first, second = given_to(VOLUNTEERS), given_to(VOLUNTEERS)
    resolved = IssueResolved(
        case=second.data.case, category="leak", resolver="han", resolved_at=datetime.now(UTC)
    )
    stranger = given_to(GUARDS, case=first.data.case, community=THERE)
    events = [first, second, stranger]
    await tell(quiet, *events, *events)
    assert {fact["task"] for fact in await quiet.said("task-opened")} == {
        task["id"] for task in (await quiet.read("zhang", "steward", "/tasks"))["items"]
    }
    await tell(quiet, given_to(GUARDS, case=first.data.case, sequence=3))
    await tell(quiet, Event(new_id(), "/linli/issues", datetime.now(UTC), HERE, 3, resolved))
    ended = await quiet.said("task-completed")
    assert [fact["outcome"] for fact in ended] == ["not-needed"] * 2
    assert [fact["about"]["id"] for fact in ended] == [str(first.data.case), str(second.data.case)]


async def test_a_violation_is_one_task_in_whatever_order_its_steps_are_told(quiet: Volunteering) -> None:
    gone, stays = new_id(), new_id()

    def step(violation: UUID, number: int, action: Any) -> Event[Any]:
        known: dict[str, Any] = {"place": violation, "kind": "fire-lane", "masked_plate": "浙L·**123"}
        at = datetime.now(UTC)
        fact: ViolationEscalated | ViolationCleared
        if action == "cleared":
            fact = ViolationCleared(violation=violation, outcome="moved", cleared_at=at, **known)
        else:
            due = at + timedelta(minutes=25)
            fact = ViolationEscalated(
                violation=violation, step=number, action=action, escalated_at=at, due_at=due, **known
            )
        return Event(new_id(), "/linli/parking", at, HERE, number + 1, fact)

    story = ["tell-again", "ask-person", "ask-person", "street-office", "cleared"]
    told = [step(gone, number, action) for number, action in enumerate(story, start=1)]
    await tell_of_violations(quiet, *reversed(told), *told)  # cleared before anybody was asked for
    assert await quiet.said("task-opened") == []
    told = [step(stays, number, action) for number, action in enumerate(story, start=1)]
    await tell_of_violations(quiet, *told[:4], *told[:3])
    (opened,) = await quiet.said("task-opened")
    assert (opened["about"]["type"], opened["about"]["id"]) == ("violation", str(stays))
    (task,) = (await quiet.read("gu", "guard", "/tasks"))["items"]
    window = datetime.fromisoformat(task["ends_at"]) - datetime.fromisoformat(task["starts_at"])
    assert (task["kind"], window > timedelta(minutes=24)) == ("look-after-violation", True)
    await tell_of_violations(quiet, told[4], *told)
    (ended,) = await quiet.said("task-completed")
    assert (ended["task"], ended["outcome"]) == (task["id"], "not-needed")
    assert len(await quiet.said("task-opened")) == 1


async def tell_of_violations(quiet: Volunteering, *events: Event[Any]) -> None:
    async with quiet.works.for_system("test") as work:
        await follow_violations(work, events)


async def test_a_look_can_be_promised_as_long_as_a_shipped_kind_of_violation_leaves_time_for_one(
    quiet: Volunteering,
) -> None:
    now = datetime.now(UTC)
    asked = {
        name: timedelta(minutes=next(step.within_minutes for step in kind.steps if step.within_minutes))
        for name, kind in SHIPPED.items()
    }
    for name, within in asked.items():
        for told_after in (timedelta(seconds=2), within - timedelta(minutes=1)):  # in time, and too late
            fact = ViolationEscalated(
                violation=new_id(),
                place=new_id(),
                kind=name,
                masked_plate="浙L·**123",
                step=2,
                action="ask-person",
                escalated_at=now - told_after,
                due_at=now - told_after + within,
            )
            await tell_of_violations(quiet, Event(new_id(), "/linli/parking", now, HERE, 3, fact))
            async with quiet.works.for_system("test") as work:
                (task,) = await tasks.open_about(work.connection, HERE, "violation", fact.violation)
            in_time = told_after < timedelta(minutes=1)
            window = task.ends_at - (fact.escalated_at if in_time else task.starts_at)
            assert window == within, (name, told_after)
            assert task.promised(None, task.ends_at - within / 2), name


async def test_a_case_given_to_the_volunteers_again_is_another_task(quiet: Volunteering) -> None:
    first = given_to(VOLUNTEERS)
    again = given_to(VOLUNTEERS, case=first.data.case, sequence=3)
    withdrawn = IssueWithdrawn(
        case=first.data.case, category="leak", priority="ordinary", withdrawn_at=datetime.now(UTC)
    )
    await tell(quiet, first, again, first, again)
    (task,) = (await quiet.read("zhang", "steward", "/tasks"))["items"]
    opened = [fact["about"]["version"] for fact in await quiet.said("task-opened")]
    ended = [fact["about"]["version"] for fact in await quiet.said("task-completed")]
    assert (opened, ended) == ([2, 3], [2])
    await tell(quiet, Event(new_id(), "/linli/issues", datetime.now(UTC), HERE, 4, withdrawn))
    assert [fact["task"] for fact in await quiet.said("task-completed")][1:] == [task["id"]]


async def test_the_newest_turn_of_a_case_counts_in_whatever_order_they_are_told(quiet: Volunteering) -> None:
    for order in permutations(range(2, 6)):
        first = given_to(VOLUNTEERS)
        case = first.data.case
        gone = IssueResolved(case=case, category="leak", resolver="han", resolved_at=datetime.now(UTC))
        story: dict[int, Event[Any]] = {
            2: first,
            3: given_to(GUARDS, case=case, sequence=3),
            4: given_to(VOLUNTEERS, case=case, sequence=4),
            5: Event(new_id(), "/linli/issues", datetime.now(UTC), HERE, 5, gone),
        }
        async with quiet.works.for_system("test") as work:
            for told, sequence in enumerate(order, start=1):
                await follow_cases(work, [story[sequence], story[order[0]]])
                open_now = await tasks.open_about(work.connection, HERE, "case", case)
                newest = max(order[:told])
                expected = [newest] if newest in {2, 4} else []
                assert [task.about_version for task in open_now] == expected, (order, told)


async def tell(quiet: Volunteering, *events: Event[Any]) -> None:
    """Hands events to the use case as the consumer does, without its inbox."""
    async with quiet.works.for_system("test") as work:
        await follow_cases(work, events)


async def test_a_late_case_still_leaves_time_and_a_kind_may_name_its_category(quiet: Volunteering) -> None:
    rules = {"who": ["guard"], "confirmation": "own", "categories": ["stairwell-clutter"], "minutes": 10}
    for code, categories in (("tidy", ["stairwell-clutter"]), ("look-after-case", [])):
        body = {"code": code, "rules": rules | {"confirmation": "code", "categories": categories}}
        refused = await quiet.ask("ola", "operator", "POST", "/task-kinds", body)
        assert refused.json()["type"].endswith("wrong-kind")  # nobody is there who could say it
    await quiet.made("ola", "operator", "/task-kinds", {"code": "tidy", "rules": rules})
    late = given_to(VOLUNTEERS)
    late = Event(
        new_id(),
        late.source,
        late.time,
        HERE,
        2,
        late.data.model_copy(update={"due_at": datetime.now(UTC) - timedelta(hours=1)}),
    )
    await tell(quiet, late)
    (task,) = (await quiet.read("gu", "guard", "/tasks"))["items"]
    assert (task["kind"], task["minutes"]) == ("tidy", 10)
    window = datetime.fromisoformat(task["ends_at"]) - datetime.fromisoformat(task["starts_at"])
    assert window == timedelta(minutes=240)
