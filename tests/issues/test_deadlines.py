"""Deadlines by working time, levels that are said once each, more time by approval."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.issues.app import SERVICE
from services.issues.usecases.escalate_cases import escalate_cases
from services.issues.usecases.routings import Routings
from shared.runtime.clock import jump
from shared.runtime.running import Activity, running
from tests.fixtures.identity import Issuer
from tests.fixtures.outbox import WAITING, facts_in
from tests.fixtures.services import MakeSettings
from tests.issues.test_imports import SMALL, imported, mapped
from tests.issues.town import MINIMAL_CATEGORY, Town

pytestmark = pytest.mark.anyio
OPERATORS = {"role": "operator", "level": "community"}
LADDER = [
    {"after_minutes": 0, "target": OPERATORS},
    {"after_minutes": 60, "counted": "working-hours", "target": {"person": "boss"}},
    {"after_minutes": 1440, "target": {"role": "street", "level": "community"}},
]


def at(text: str) -> datetime:
    """Read a time of the community's zone."""
    return datetime.fromisoformat(f"{text}+08:00")


class Late(Town):
    """A community whose business time the test moves."""

    clock: Path

    async def go_to(self, text: str) -> None:
        """Move business time."""
        jump(self.clock, at(text))
        await asyncio.sleep(0.03)  # the clock looks fifty times a second

    async def tick(self) -> int:
        """Let two processes escalate at the same time until nothing is due; gives how many were taken."""
        works, taken = self.running.context.works, 0
        while done := sum(await asyncio.gather(*(escalate_cases(works, Routings()) for _ in range(2)))):
            taken += done
        return taken

    async def said(self, noun: str) -> list[dict[str, Any]]:
        """What the facts of one kind say, with their times; they wait in the outbox."""
        return [
            {**fact, "time": datetime.fromisoformat(head["ce_time"]), "sequence": int(head["ce_sequence"])}
            for head, fact in facts_in(await self.system.fetch(WAITING))
            if head["ce_community"] == str(self.id) and f".{noun}." in head["ce_type"]
        ]


@pytest.fixture
async def late(service_settings: MakeSettings, issuer: Issuer, tmp_path: Path) -> AsyncIterator[Late]:
    """The API alone, on the afternoon before the holidays of May."""
    clock = tmp_path / "clock.json"
    jump(clock, at("2026-04-30T16:00"))
    settings = service_settings("issues", [Activity.api], clock_file=clock)
    async with (
        running(SERVICE, settings, (Activity.api,)) as service,
        httpx.AsyncClient(base_url=service.url) as client,
    ):
        town = Late(service, client, issuer)
        town.clock = clock
        await town.found()
        await town.category("fire-lane")
        await town.rule("all", {"role": "handler", "level": "community"})
        await town.category("lift", deadline_minutes=120, counted="working-hours")
        levels = {"levels": LADDER}
        put = await town.ask("PUT", "/categories/lift/escalation", body=levels, if_match=0)
        assert (put.status_code, put.json()["version"]) == (200, 1), put.text
        yield town


async def change(town: Town, case: UUID, verb: str, roles: tuple[str, ...], person: str, **body: Any) -> Any:
    answer = await town.ask("POST", f"/cases/{case}/{verb}", roles=roles, person=person, body=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_level_is_said_once_at_its_business_time(late: Late) -> None:
    await late.category("noise", screened=True)
    unseen = await late.report(category="noise")
    case, again = [await late.report(category="lift") for _ in range(2)]
    due = datetime.fromisoformat((await late.get(f"/cases/{case}"))["due_at"])
    assert at("2026-05-06T10:00") <= due < at("2026-05-06T10:01")  # after the holidays
    await change(late, again, "resolve", ("handler",), "ha", outcome="oiled")
    await mapped(late, SMALL | {"categories": {"Van": "lift"}})
    assert (await imported(late, ["1,Van,open,2026-04-01 08:00,,,"]))["created"] == 1
    (old,) = [item for item in (await late.get("/cases"))["items"] if item["reported_at"] < "2026-04-30"]
    assert await late.tick() == 0
    await late.go_to("2026-05-06T10:30")
    assert await late.tick() == 2
    assert await late.tick() == 0
    assert (await change(late, unseen, "accept", ("operator",), "olive"))["version"] == 4
    await change(late, again, "check", ("operator",), "olive", fixed=False)
    await late.go_to("2026-05-13T10:30")
    await late.tick()
    said = await late.said("issue-overdue")
    of_case = [fact for fact in said if fact["case"] == str(case)]
    assert [(fact["level"], fact["time"] - due, fact["sequence"]) for fact in of_case] == [
        (1, at("2026-05-06T10:00") - at("2026-05-06T10:00"), 3),
        (2, at("2026-05-06T11:00") - at("2026-05-06T10:00"), 4),
        (3, at("2026-05-07T10:00") - at("2026-05-06T10:00"), 5),
    ]
    assert [(fact["told"]["person"], fact["told"]["role"]) for fact in of_case] == [
        (None, "operator"),
        ("boss", None),
        (None, "street"),
    ]
    again_said = [fact for fact in said if fact["case"] == str(again)]
    assert [fact["level"] for fact in again_said] == [1, 2, 3]
    learned = [datetime.fromisoformat(fact["escalated_at"]) for fact in again_said]
    assert at("2026-05-13T10:30") <= min(learned) > max(fact["time"] for fact in again_said)
    history = (await late.get(f"/cases/{again}/history"))["items"]
    assert [entry["at"] for entry in history] == sorted(entry["at"] for entry in history)
    assert datetime.fromisoformat(history[-1]["detail"]["due_at"]) == again_said[-1]["time"]
    assert old["id"] not in {fact["case"] for fact in said}
    (unlooked,) = [fact for fact in said if fact["case"] == str(unseen)]
    assert (unlooked["sequence"], unlooked["told"]["role"], unlooked["assignee"]) == (2, "operator", None)
    shown = await late.get(f"/cases/{case}")
    assert (shown["version"], shown["due_at"]) == (5, due.isoformat().replace("+00:00", "Z"))
    with pytest.raises(Exception, match="permission denied"):
        await late.system.execute("DELETE FROM escalations")


async def test_a_changed_ladder_holds_at_once_for_what_is_open_or_opened_again(late: Late) -> None:
    await late.category("noise")
    other, case, again = [await late.report(category=code) for code in ("noise", "lift", "lift")]
    await change(late, again, "resolve", ("handler",), "ha", outcome="oiled")
    await change(late, again, "check", ("operator",), "olive", fixed=True)
    await change(late, again, "close", ("operator",), "olive")
    await late.go_to("2026-05-06T10:30")
    assert await late.tick() == 2
    sooner = {"levels": [LADDER[0], {"after_minutes": 5, "target": {"person": "boss"}}]}
    assert (await late.ask("PUT", "/categories/lift/escalation", body=sooner, if_match=1)).status_code == 200
    assert await late.tick() == 1
    await change(late, again, "reopen", ("operator",), "olive", note="it is stuck")
    assert await late.tick() == 1
    longer = {"levels": [*sooner["levels"], {"after_minutes": 9, "target": {"person": "mayor"}}]}
    assert (await late.ask("PUT", "/escalation", body=longer, if_match=0)).status_code == 200
    assert await late.tick() == 1
    assert (await late.ask("DELETE", "/categories/lift/escalation", if_match=2)).status_code == 200
    assert await late.tick() == 2
    levels: dict[str, list[int]] = {}
    for fact in await late.said("issue-overdue"):
        levels.setdefault(fact["case"], []).append(fact["level"])
    assert levels == {str(each): [1, 2, 3] for each in (other, case, again)}


async def test_a_community_that_cannot_be_reckoned_with_stops_no_other(late: Late, issuer: Issuer) -> None:
    async with httpx.AsyncClient(base_url=late.running.url) as client:
        other = Town(late.running, client, issuer)
        await other.found()
        await other.category("fire-lane")
        there = await other.report()
        here = await late.report(category="lift")
        calendar = await late.get("/calendar")
        week: dict[str, list[Any]] = {day: [] for day in calendar["hours"]} | {"monday": [["09:00", "13:59"]]}
        short = {"hours": week, "holidays": "none"}
        refused = await late.ask("PUT", "/calendar", body=short, if_match=0)
        assert refused.json()["type"] == "urn:linli:problem:wrong-hours"
        for path, body in (
            ("/categories/slow", MINIMAL_CATEGORY | {"counted": "working-hours", "deadline_minutes": 60001}),
            ("/escalation", {"levels": [LADDER[1] | {"after_minutes": 60001}]}),
        ):
            long = await late.ask("PUT", path, body=body, if_match=0 if "esc" in path else None)
            assert (long.status_code, long.json()["type"]) == (422, "urn:linli:problem:too-many-minutes")
        asking = {"minutes": 60001, "reason": "the part comes in four years"}
        assert (await late.ask("POST", f"/cases/{here}/extension", body=asking)).status_code == 422
        # As it may have been stored before such weeks were refused.
        thin = {"week": [[[540, 541]], *[[]] * 6], "make_up": []}
        await late.system.execute("INSERT INTO calendars VALUES ($1, $2, 'none', 1)", late.id, thin)
        await late.system.execute(
            "UPDATE routings SET version = version + 1 WHERE community_id = $1", late.id
        )
        await late.system.execute(
            "UPDATE escalation_ladders SET levels = jsonb_set(levels, '{1,after_minutes}', '500000') "
            "WHERE community_id = $1",
            late.id,
        )
        await late.go_to("2026-05-06T10:30")
        assert await late.tick() == 2
        assert await late.tick() == 0
        found = await other.get(f"/cases/{there}/history")
        assert found["items"][-1]["change"] == "overdue"
        assert (await late.said("issue-overdue")) == []
        whole = {"hours": calendar["hours"], "holidays": "none"}
        assert (await late.ask("PUT", "/calendar", body=whole, if_match=1)).status_code == 200
        await late.go_to("2026-05-06T10:46")
        assert await late.tick() == 1
        assert [fact["level"] for fact in await late.said("issue-overdue")] == [1]


async def test_more_time_is_asked_for_and_approved_by_another(late: Late) -> None:
    await late.ask("POST", "/roles", body={"person": "ha", "role": "dispatcher"})  # alone, and cannot decide
    case = await late.report(category="lift")
    path = f"/cases/{case}/extension"
    asking = {"minutes": 60, "reason": "the part comes on Thursday"}
    stranger = await late.ask("POST", path, person="rita", roles=("resident",), body=asking)
    assert stranger.status_code == 403
    await change(late, case, "extension", ("handler",), "ha", minutes=30, reason="soon")
    await change(late, case, "extension", ("handler", "dispatcher"), "ha", **asking)
    open_ones = (await late.get("/extensions"))["items"]
    assert [(each["reason"], each["asked_by"]) for each in open_ones] == [(asking["reason"], "ha")]
    # Whose turn is over has nothing to ask for any more.
    await change(
        late, case, "assign", ("operator",), "olive", assignee={"role": "handler", "place": str(late.id)}
    )
    assert (await late.get("/extensions"))["items"] == []
    assert (await late.ask("POST", f"{path}/refuse", body={})).status_code == 404
    await change(late, case, "extension", ("handler", "dispatcher"), "ha", **asking)
    own = await late.ask("POST", f"{path}/approve", person="ha", roles=("dispatcher", "handler"), body={})
    assert own.status_code == 403
    refused = await change(late, case, "extension/refuse", ("operator",), "olive", note="try harder")
    await change(late, case, "extension", ("handler", "dispatcher"), "ha", **asking)
    approved = await change(late, case, "extension/approve", ("operator",), "olive")
    asked = await late.said("issue-extension-asked")
    assert [(fact["until"], fact["told"]["role"]) for fact in asked][-1] == (approved["due_at"], "operator")
    (no,) = await late.said("issue-extension-refused")
    assert (no["due_at"], no["told"]["person"]) == (refused["was_due_at"], "ha")
    assert no["sequence"] == asked[-1]["sequence"] - 1
    assert approved["state"] == "approved"
    assert (await late.ask("POST", f"{path}/refuse", body={})).status_code == 404
    (said,) = await late.said("issue-extended")
    was, now = (datetime.fromisoformat(said[name]) for name in ("was_due_at", "due_at"))
    assert (now - was, said["told"]["role"]) == (at("2026-05-06T11:00") - at("2026-05-06T10:00"), "handler")
    await late.go_to("2026-05-06T10:30")
    await late.tick()
    assert await late.said("issue-overdue") == []
    # What is asked for in time is not given afterwards: those who were told of the delay were told for good.
    await change(late, case, "extension", ("handler",), "ha", minutes=600, reason="the part is lost")
    await late.go_to("2026-05-06T11:01")
    await late.tick()
    past = await late.ask("POST", f"{path}/approve", body={})
    assert (past.status_code, past.json()["type"]) == (409, "urn:linli:problem:too-late-to-ask")
    await change(late, case, "extension/refuse", ("operator",), "olive")
    assert [(fact["level"], fact["time"]) for fact in await late.said("issue-overdue")] == [(1, now)]
    too_late = await late.ask("POST", path, person="ha", roles=("handler",), body=asking)
    assert (too_late.status_code, too_late.json()["type"]) == (409, "urn:linli:problem:too-late-to-ask")
    history = (await late.get(f"/cases/{case}/history", person="ha", roles=("handler",)))["items"]
    assert "the part is lost" in [entry["note"] for entry in history]
    theirs = await late.get(f"/cases/{case}/history", person="rita", roles=("resident",))
    assert not [entry["note"] for entry in theirs["items"] if entry["note"]], "words among handlers"
    changes = [entry["change"] for entry in history]
    assert changes[-7:] == [
        *("extension-asked", "extension-refused", "extension-asked", "extended"),
        *("extension-asked", "overdue", "extension-refused"),
    ]


async def test_dispatch_says_where_a_case_would_go_and_why(late: Late) -> None:
    compound = await late.place("compound", late.id, "HY")
    await late.category("van", deadline_minutes=2880, counted="working-days")
    await late.rule("vans", {"role": "guard", "level": "compound"}, category="van", rank=10)
    await late.rule("first", {"person": "ann"}, place=str(compound), rank=1)
    found = await late.get("/dispatch/explain?category=van")
    assert (found["rule"], found["assignee"]["role"], found["holders"]) == ("vans", "guard", 0)
    assert [(each["rule"]["code"], each["verdict"]) for each in found["considered"]] == [
        ("first", "other-place"),
        ("vans", "won"),
        ("all", "outranked"),
    ]
    assert datetime.fromisoformat(found["due_at"]) == at("2026-05-07T17:00")
    assert [(level["level"], level["told"]["role"]) for level in found["levels"]] == [(1, "operator")]
    there = await late.get(f"/dispatch/explain?category=van&place={compound}")
    assert (there["rule"], there["assignee"]["person"], there["holidays_known"]) == ("first", "ann", True)
    calendar = await late.get("/calendar")
    assert (calendar["version"], calendar["holidays"], calendar["hours"]["sunday"]) == (0, "china", [])
    body = {"hours": calendar["hours"] | {"friday": [["08:00", "12:00"]]}, "holidays": "none"}
    stored = await late.ask("PUT", "/calendar", body=body, if_match=0)
    assert (stored.status_code, stored.json()["hours"]["friday"]) == (200, [["08:00", "12:00"]])
    later = await late.get("/dispatch/explain?category=van")
    own = body | {"days_off": ["2026-05-04"], "workdays": ["2026-05-03"]}
    put = await late.ask("PUT", "/calendar", body=own, if_match=1)
    assert {name: put.json()[name] for name in own} == own
    sunday = await late.get("/dispatch/explain?category=van")
    assert datetime.fromisoformat(sunday["due_at"]) == at("2026-05-03T17:00")  # Friday and a Sunday
    twice = own | {"workdays": own["days_off"]}
    refused = await late.ask("PUT", "/calendar", body=twice, if_match=2)
    assert refused.json()["type"] == "urn:linli:problem:wrong-hours"
    assert datetime.fromisoformat(later["due_at"]) == at("2026-05-04T17:00")  # Friday and Monday
    wrong = body | {"hours": calendar["hours"] | {"friday": [["12:00", "08:00"]]}}
    assert (await late.ask("PUT", "/calendar", body=wrong, if_match=2)).status_code == 422
    for levels in ([{"after_minutes": 9, "target": OPERATORS}, {"after_minutes": 8, "target": OPERATORS}],):
        refused = await late.ask("PUT", "/escalation", body={"levels": levels}, if_match=0)
        assert refused.json()["type"] == "urn:linli:problem:wrong-ladder"
    assert (await late.ask("DELETE", "/categories/lift/escalation", if_match=1)).status_code == 200
    assert (await late.get("/categories/lift/escalation"))["version"] == 0
    assert (await late.ask("PUT", "/escalation", body={"levels": []}, if_match=0)).status_code == 200
    assert (await late.get("/dispatch/explain?category=lift"))["levels"] == []


async def test_work_is_listed_by_whose_it_is_and_how_late(late: Late) -> None:
    compound = await late.place("compound", late.id, "HY")
    await late.rule("guards", {"role": "guard", "level": "compound"}, rank=1)
    for person, place in (("gu", compound), ("far", late.id)):
        grant = {"person": person, "role": "guard", "place": str(place)}
        assert (await late.ask("POST", "/roles", body=grant)).status_code == 201
    there, everywhere = await late.report(place=str(compound)), await late.report()
    own = await late.report(category="lift")
    await change(late, own, "assign", ("operator",), "olive", assignee={"person": "gu"})

    taken = [fact["was_assigned_to"] for fact in await late.said("issue-assigned")]
    assert [was and was["role"] for was in taken] == [None, None, None, "guard"]

    async def listed(query: str, person: str = "gu", role: str = "guard") -> set[UUID]:
        found = await late.get(f"/cases?{query}", person=person, roles=(role,))
        return {UUID(case["id"]) for case in found["items"]}

    assert await listed("") == {there, everywhere, own}
    assert await listed("mine=true") == {there, own}
    assert await listed("mine=true", "far") == {there, everywhere}
    assert await listed("mine=true", "olive", "operator") == set()
    assert await listed("due_within_minutes=120", role="operator") == {there, everywhere}
    assert await listed("due_within_minutes=119", role="operator") == set()
    await late.go_to("2026-04-30T20:00")
    assert await listed("late=true", role="operator") == {there, everywhere}
    assert await listed("late=true&mine=true") == {there}
    await change(late, there, "resolve", ("guard",), "gu", outcome="gone")
    assert await listed("late=true", role="operator") == {everywhere}
    assert await listed("open=true", role="operator") == {everywhere, own}
    whole = await late.get(f"/cases/{own}")
    (item,) = (await late.get("/cases?person=gu"))["items"]
    assert item == {name: whole[name] for name in item}
    page = await late.get("/cases?mine=true&limit=1", person="gu", roles=("guard",))
    rest = await late.get(f"/cases?mine=true&limit=1&cursor={page['next']}", person="gu", roles=("guard",))
    assert [page["items"][0]["id"], rest["items"][0]["id"], rest["next"]] == [str(own), str(there), None]

    found = await late.get("/cases/statistics?at=2026-05-06T11:00:00%2B08:00")
    van, lift = found["categories"]
    assert (van["category"], van["cases"], van["open"], van["open_late"]) == ("fire-lane", 2, 1, 1)
    assert (van["settled_late"], van["oldest_open_seconds"] // 3600) == (1, 6 * 24 - 6)
    assert (lift["open_late"], lift["late_seconds"] // 60, lift["settled_seconds"]) == (1, 59, 0)
    refused = await late.ask("GET", "/cases/statistics", roles=("guard",))
    assert refused.status_code == 403
