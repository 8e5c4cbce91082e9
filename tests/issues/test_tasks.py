"""What becomes of cases that the volunteers have, as a producer of the tests tells it: any order, repeats."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.issues.domain.case import State
from services.issues.domain.dispatch import Assignee
from services.issues.domain.tasks import is_present
from services.issues.usecases.follow_tasks import follow_tasks
from shared.contracts import About, Event, TaskCompleted, TaskExpired
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from tests.fixtures.bus import Bus
from tests.issues.test_domain_case import CASE, START
from tests.issues.test_photos import add, photo
from tests.issues.town import Town

pytestmark = pytest.mark.anyio


def ended(town: Town, case: UUID, outcome: str, version: int | None, **more: Any) -> Event[Any]:
    """A task about a case has ended."""
    now = more.pop("at", None) or datetime.now(UTC)
    known: dict[str, Any] = {
        "task": new_id(),
        "kind": "look-after-case",
        "outcome": outcome,
        "about": About(type=more.pop("type", "case"), id=case, version=version),
    }
    fact: TaskCompleted | TaskExpired
    if outcome == "expired":
        fact = TaskExpired(expired_at=now, taken=False, **known)
    else:
        fact = TaskCompleted(completed_at=now, volunteers=more.pop("volunteers", ("vera",)), **known)
    community = more.pop("community", town.id)
    return Event(new_id(), "/linli/volunteer", now, community, 5, fact, **more)


async def given_to_volunteers(town: Town, number: int) -> list[UUID]:
    """Cases that dispatch gave to the volunteers, at version 2."""
    await town.rule("volunteers", {"volunteers": True, "level": "community"})
    return [await town.report() for _ in range(number)]


async def tell(town: Town, *events: Event[Any]) -> None:
    """Hand events to the use case as the consumer does, without its inbox."""
    async with town.running.context.works.for_system("consumer") as work:
        await follow_tasks(work, events)


async def stands(town: Town, case: UUID) -> tuple[str, int]:
    found = await town.get(f"/cases/{case}")
    return found["state"], found["version"]


async def test_the_end_of_a_task_settles_its_case_or_brings_it_back(
    town: Town, module_kafka_settings: KafkaSettings
) -> None:
    done, useless, late = await given_to_volunteers(town, 3)
    events = [
        ended(town, done, "done", 2, volunteers=("vera", "will")),
        ended(town, useless, "not-needed", 2),
        ended(town, late, "expired", 2),
    ]
    bus = Bus(module_kafka_settings.bootstrap_servers, module_kafka_settings.topic_prefix)

    def produced() -> None:
        for event in (*events, *events):
            record = to_record(event)
            bus.produce("linli.volunteer", record.value, key=record.key, headers=record.headers)
        bus.wait_consumed("issues", "linli.volunteer")

    await asyncio.to_thread(produced)  # the service is in this process, and the client blocks
    assert [await stands(town, case) for case in (done, useless, late)] == [
        ("resolved", 3),
        ("accepted", 3),
        ("accepted", 3),
    ]
    entry = (await town.get(f"/cases/{done}"))["history"][2]
    assert (entry["change"], entry["actor"]) == ("resolved", "vera")
    assert entry["detail"] == {"task": str(events[0].data.task)}
    returned = (await town.get(f"/cases/{late}"))["history"][2]
    assert (returned["change"], returned["detail"]["reason"]) == ("returned", "expired")
    # Neither of the two who did it may check it.
    for person in ("vera", "will"):
        check = await town.ask(
            "POST", f"/cases/{done}/check", person=person, roles=("operator",), body={"fixed": True}
        )
        assert (check.status_code, check.json()["type"]) == (403, "urn:linli:problem:second-person-needed")


async def test_a_volunteer_shows_what_was_done_and_neither_sees_nor_settles_the_case(town: Town) -> None:
    await town.ask("PUT", "/photo-demands/fire-lane", body={"kinds": ["after"]})
    (case,) = await given_to_volunteers(town, 1)
    vera: dict[str, Any] = {"person": "vera", "roles": ("volunteer",)}
    for path in (f"/cases/{case}", f"/cases/{case}/history", f"/cases/{case}/photos"):
        assert (await town.ask("GET", path, **vera)).status_code == 404
    for query in ("", "?mine=true"):
        assert (await town.get(f"/cases{query}", **vera))["items"] == []
    for verb, body in (("start", {}), ("return", {"reason": "x"}), ("resolve", {"outcome": "x"})):
        assert (await town.ask("POST", f"/cases/{case}/{verb}", body=body, **vera)).status_code == 404
    added = await add(town, case, photo(), kind="after", **vera)
    assert (added.status_code, added.json()["added_by"]) == (201, "vera"), added.text
    await tell(town, ended(town, case, "done", 2))
    assert (await stands(town, case))[0] == "resolved"


async def test_what_a_case_no_longer_waits_for_changes_nothing(town: Town) -> None:
    (case,) = await given_to_volunteers(town, 1)
    to_volunteers = {"assignee": {"volunteers": True, "place": str(town.id)}}
    path = f"/cases/{case}"
    await town.ask("POST", f"{path}/assign", body={"assignee": {"person": "ann"}})
    await tell(town, ended(town, case, "done", 2))
    assert await stands(town, case) == ("assigned", 3)
    await town.ask("POST", f"{path}/assign", body=to_volunteers)
    stale = [ended(town, case, outcome, 2) for outcome in ("not-needed", "done", "expired")]
    strange = [
        ended(town, case, "done", 4, community=new_id()),
        ended(town, case, "done", 4, type="violation"),
        ended(town, case, "done", 4, imported=True),
        ended(town, new_id(), "done", 4),
        ended(town, case, "done", None, at=datetime(2020, 1, 1, tzinfo=UTC)),
    ]
    await tell(town, *stale, *strange)
    assert await stands(town, case) == ("assigned", 4)
    await tell(town, *stale, ended(town, case, "not-possible", None), ended(town, case, "done", 4), *stale)
    assert await stands(town, case) == ("accepted", 5)
    await town.ask("POST", f"{path}/assign", body=to_volunteers)
    found = ended(town, case, "done", 6)
    await tell(town, found, found, ended(town, case, "expired", 6))
    assert await stands(town, case) == ("resolved", 7)
    await town.ask("POST", f"{path}/check", person="rita", roles=("resident",), body={"fixed": False})
    await tell(town, found)
    assert await stands(town, case) == ("assigned", 8)


async def test_a_done_task_does_not_settle_a_case_that_demands_photos(town: Town) -> None:
    (case,) = await given_to_volunteers(town, 1)
    demanded = {"kinds": ["after"]}
    answer = await town.ask("PUT", "/photo-demands/fire-lane", body=demanded)
    assert answer.status_code == 200, answer.text
    await tell(town, ended(town, case, "done", 2))
    found = await town.get(f"/cases/{case}")
    assert (found["state"], found["history"][2]["detail"]["reason"]) == ("accepted", "photos-missing")


VOLUNTEERS = Assignee(volunteers=True, place=CASE.community)


@given(
    st.sampled_from(State),
    st.sampled_from([None, VOLUNTEERS, Assignee(person="ann")]),
    st.one_of(st.none(), st.integers(1, 5)),
    st.integers(-2, 2),
)
def test_only_the_task_that_a_case_waits_for_counts(
    state: State, assignee: Assignee | None, asked: int | None, hours: int
) -> None:
    case = replace(CASE, state=state, assignee=assignee, assigned_version=3)
    counts = is_present(case, asked, START + timedelta(hours=hours), START)
    waits = assignee is VOLUNTEERS and state in {State.assigned, State.in_progress}
    assert counts == (waits and (asked == 3 if asked is not None else hours >= 0))
