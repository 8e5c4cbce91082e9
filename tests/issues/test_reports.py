"""Reports: what comes back, who it goes to, keys, anonymity, and what is refused without a trace."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.issues.api.reports import ReportedOut
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
GOOD = {"category": "fire-lane", "description": "a van in the fire lane"}


async def cases_of(town: Town) -> int:
    found: int = await town.system.fetchval("SELECT count(*) FROM cases WHERE community_id = $1", town.id)
    return found


async def test_a_report_is_a_dispatched_case_with_a_deadline(town: Town) -> None:
    compound = await town.place("compound", town.id, "HY")
    building = await town.place("building", compound, "HY-1")
    await town.rule("guards", {"role": "guard", "level": "compound"}, category="fire-lane")
    body = GOOD | {"place": str(building), "position": {"latitude": 30.01, "longitude": 122.1}}
    answer = await town.ask("POST", "/reports", person="rita", roles=("rider",), body=body)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"2"')
    told = ReportedOut.model_validate_json(answer.content)
    assert told.assignee is not None
    assert (told.priority, told.state, told.assignee.role) == ("urgent", "assigned", "guard")
    assert told.assignee.place == compound
    assert (told.due_at - told.reported_at).total_seconds() == 120 * 60
    case = await town.get(answer.headers["Location"])
    assert case["reporter"] == "rita"
    assert case["position"] == {"latitude": 30.01, "longitude": 122.1}
    assert [(entry["version"], entry["change"], entry["actor"]) for entry in case["history"]] == [
        (1, "reported", "rita"),
        (2, "assigned", "dispatch"),
    ]
    assert case["history"][1]["detail"]["rule"] == "guards"
    for field in ("id", "state", "due_at", "reported_at", "assignee", "version", "category", "place"):
        assert case[field] == answer.json()[field]


async def test_changed_rules_and_categories_hold_from_the_next_report_on(town: Town) -> None:
    first = await town.get(f"/cases/{await town.report()}")
    assert first["assignee"]["role"] == "operator", "the fallback owner"
    fallback = {"person": "fay"}
    assert (await town.ask("PUT", "/dispatch-fallback", body=fallback, if_match=1)).status_code == 200
    await town.rule("vans", {"volunteers": True, "level": "community"}, rank=5)
    assert (await town.get(f"/cases/{await town.report()}"))["assignee"]["volunteers"] is True
    assert (await town.ask("DELETE", "/dispatch-rules/vans", if_match=1)).status_code == 200
    assert (await town.get(f"/cases/{await town.report()}"))["assignee"]["person"] == "fay"


async def test_one_key_is_one_case_however_often_it_is_sent(town: Town) -> None:
    sent = [
        town.ask("POST", "/reports", person="rita", roles=("resident",), body=GOOD, key="k1")
        for _ in range(20)
    ]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 19
    assert await cases_of(town) == 1
    other = GOOD | {"description": "another"}
    reused = await town.ask("POST", "/reports", person="rita", roles=("resident",), body=other, key="k1")
    assert (reused.status_code, reused.json()["type"]) == (422, "urn:linli:problem:key-reused")
    somebody = await town.ask("POST", "/reports", person="bob", roles=("resident",), body=other, key="k1")
    assert somebody.status_code == 201
    assert await cases_of(town) == 2


async def test_a_repeat_is_answered_as_the_first_time_though_it_would_be_refused_today(town: Town) -> None:
    place = await town.place("compound", town.id, "HY")

    async def send(description: str) -> httpx.Response:
        body = GOOD | {"place": str(place), "description": description}
        return await town.ask("POST", "/reports", person="rita", roles=("resident",), body=body, key="k1")

    first = await send("before it closed")
    assert (await town.ask("DELETE", f"/places/{place}", if_match=1)).status_code == 200
    again, other = await send("before it closed"), await send("another")
    assert (again.status_code, again.content) == (201, first.content)
    assert (other.status_code, other.json()["type"]) == (422, "urn:linli:problem:key-reused")
    fresh = await town.ask("POST", "/reports", person="rita", body=GOOD | {"place": str(place)}, key="k2")
    assert (fresh.status_code, fresh.json()["type"]) == (422, "urn:linli:problem:invalid")
    assert await cases_of(town) == 1


async def test_a_bad_report_hurts_only_its_sender(town: Town) -> None:
    bad = GOOD | {"category": "unheard-of"}
    away = GOOD | {"place": str(uuid4())}
    bodies = [GOOD, bad, GOOD, away, GOOD]
    answers = await asyncio.gather(
        *(
            town.ask("POST", "/reports", roles=("resident",), body=body, key=f"{n}")
            for n, body in enumerate(bodies)
        )
    )
    assert [answer.status_code for answer in answers] == [201, 422, 201, 422, 201]
    assert answers[1].json()["errors"][0]["pointer"] == "/category"
    assert answers[3].json()["errors"][0]["pointer"] == "/place"
    assert await cases_of(town) == 3
    await town.category("unheard-of")
    again = await town.ask("POST", "/reports", roles=("resident",), body=bad, key="1")
    assert again.status_code == 201, "a refusal uses up no key"


async def test_an_anonymous_report_names_nobody_anywhere(town: Town) -> None:
    body = GOOD | {"anonymous": True}
    answers = [
        await town.ask("POST", "/reports", person="secret-sue", roles=("resident",), body=body, key="random")
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    case = await town.get(answers[0].headers["Location"])
    assert (case["reporter"], case["history"][0]["actor"]) == (None, None)
    own = await town.ask("GET", answers[0].headers["Location"], person="secret-sue", roles=("resident",))
    assert own.status_code == 404
    for table in ("cases", "case_entries", "idempotency_keys", "outbox"):
        rows = await town.system.fetch(f"SELECT {table}::text AS row FROM {table}")
        assert not any("secret-sue" in row["row"] for row in rows), table


@pytest.mark.parametrize(
    ("roles", "given", "status", "reporter"),
    [
        (("resident",), {"reporter": "bob"}, 403, None),
        (("resident",), {"reporter": "rita"}, 201, "rita"),
        (("operator",), {"reporter": "bob"}, 201, "bob"),
        (("operator",), {}, 201, "rita"),
        (("intake",), {"reporter": "bob"}, 201, "bob"),
        (("intake",), {}, 201, None),
        (("intake",), {"anonymous": True, "reporter": "bob"}, 422, None),
        (("street",), {}, 403, None),
        (("importer",), {}, 403, None),
        ((), {}, 400, None),
    ],
)
async def test_who_reports_for_whom(
    town: Town, roles: tuple[str, ...], given: dict[str, Any], status: int, reporter: str | None
) -> None:
    answer = await town.ask("POST", "/reports", person="rita", roles=roles, body=GOOD | given)
    assert answer.status_code == status, answer.text
    if status == 201:
        assert (await town.get(answer.headers["Location"]))["reporter"] == reporter


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"description": "x"}, 422, "/category"),
        ({"category": "fire-lane"}, 422, "/description"),
        ({"category": "fire-lane", "description": " \n"}, 422, "/description"),
        ({"category": "fire-lane", "description": "x" * 4001}, 422, "/description"),
        ({"category": "fire-lane", "description": "a\x00b"}, 422, "/description"),
        ({"category": "fire-lane", "description": 5}, 422, "/description"),
        ({"category": "Fire Lane", "description": "x"}, 422, "/category"),
        (GOOD | {"place": "HY"}, 422, "/place"),
        (GOOD | {"position": {"latitude": 91, "longitude": 0}}, 422, "/position/latitude"),
        (GOOD | {"position": {"latitude": 1}}, 422, "/position/longitude"),
        (GOOD | {"reported_at": "2026-01-01T00:00:00"}, 422, "/reported_at"),
        (GOOD | {"reported_at": "0001-01-01T00:00:00+14:00"}, 422, "/reported_at"),
        (GOOD | {"anonymus": True}, 422, "/anonymus"),
        ([], 422, ""),
        ("{broken", 400, None),
        ('{"category": "fire-lane", "description": "\\ud800"}', 400, None),
    ],
)
async def test_bad_input_stores_nothing(town: Town, body: Any, status: int, pointer: str | None) -> None:
    sent: dict[str, Any] = {"body": body}
    if isinstance(body, str):
        sent = {"content": body.encode(), "headers": {"Content-Type": "application/json"}}
    answer = await town.ask("POST", "/reports", roles=("resident",), **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    if pointer is not None:
        assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert await cases_of(town) == 0


async def test_oversize_bodies_and_other_media_are_refused(town: Town) -> None:
    large = await town.ask("POST", "/reports", roles=("resident",), body=GOOD | {"x": "y" * 300_000})
    assert large.status_code == 413
    form = await town.ask("POST", "/reports", roles=("resident",), data=GOOD)
    assert form.status_code == 415
    assert await cases_of(town) == 0
