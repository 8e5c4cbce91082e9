"""Cars that must move: one case whoever looks, each step once, ended by a second look or by a word."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.parking.usecases.escalate_violations import escalate_violations
from shared.contracts import About, Event, TaskClaimed, TaskOpened
from shared.identifiers import new_id
from tests.parking.conftest import HERE, THERE, Parking
from tests.parking.gates import Compound, make_compound
from tests.parking.looks import (
    CLEARED,
    ESCALATED,
    OPENED,
    PHOTO,
    PLATE,
    VISITOR,
    Dying,
    camera,
    make_patrolled,
    names,
    opened,
    owner_of,
    read_as,
    sighted,
    take,
    tick,
    works_at,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def compound(api_alone: Parking) -> Compound:
    return await make_patrolled(api_alone)


async def test_many_see_one_car_and_it_is_one_case_whose_owner_hears(compound: Compound) -> None:
    household = await owner_of(compound, PLATE, "li", "na")
    asked = [
        sighted(compound),
        sighted(compound, "volunteer", "hu", plate="浙L·12345"),
        sighted(compound, "operator", "op"),
        camera(compound, kind="fire-lane", evidence=["frame:1"]),
        sighted(compound),
    ]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200, 201}
    (said,) = await compound.said(OPENED)
    assert {answer.json().get("violation", said["violation"]) for answer in answers} == {said["violation"]}
    assert (said["kind"], said["masked_plate"], said["told"]) == ("fire-lane", "浙L·**345", None)
    assert (said["household"], said["owners"]) == (str(household), ["li", "na"])
    other = await opened(compound, kind="exit-blocked")
    assert other != said["violation"]
    shown = (await read_as(compound, "guard", "gu", f"/violations/{said['violation']}")).json()
    assert sorted(look["source"] for look in shown["looks"]) == ["camera", *["person"] * 4]
    await of_no_household(compound)


async def of_no_household(compound: Compound) -> None:
    """A visitor's host hears, and may follow the case; of other cars the guards do."""
    async with compound.client() as client:
        grant = {"compound": str(compound.id), "plate": VISITOR, "contact": "host"}
        assert (await client.post("/passes", json=grant)).status_code == 201
    visiting = await opened(compound, plate=VISITOR)
    await opened(compound, plate="浙B99999")
    host, guards = [each["told"] for each in (await compound.said(OPENED))[-2:]]
    assert (host["person"], guards["role"], guards["place"]) == ("host", "guard", str(compound.id))
    shown = await read_as(compound, "resident", "host", f"/violations/{visiting}")
    assert (shown.status_code, shown.json()["contact"]) == (200, None)


async def test_each_step_is_taken_once_and_none_after_the_second_look(compound: Compound) -> None:
    await owner_of(compound, PLATE, "li")
    violation = await opened(compound)
    await tick(compound, 4.9)
    assert await names(compound) == [OPENED]
    dying = replace(works_at(compound, 5), sink=Dying())
    with pytest.raises(ConnectionResetError):
        await escalate_violations(dying)
    for minutes in (5, 10, 25.1, 31, 60):
        await asyncio.gather(*(tick(compound, minutes) for _ in range(3)))
    steps = await compound.said(ESCALATED)
    assert [(each["step"], each["action"]) for each in steps] == [
        (1, "tell-again"),
        (2, "ask-person"),
        (3, "street-office"),
    ]
    assert steps[1]["due_at"] is not None
    assert steps[2]["told"] == {
        "person": None,
        "role": "street",
        "place": str(HERE),
        "volunteers": False,
    }
    assert (await camera(compound, kind="fire-lane", gone=True)).status_code == 200
    (said,) = await compound.said(CLEARED)
    assert (said["violation"], said["outcome"]) == (violation, "moved")
    await tick(compound, 900)
    assert (await names(compound))[-1] == CLEARED
    shown = (await read_as(compound, "resident", "li", f"/violations/{violation}")).json()
    assert [step["action"] for step in shown["steps"]] == ["tell", *(each["action"] for each in steps)]
    assert (shown["state"], shown["outcome"], shown["looks"], shown["plate"]) == (
        "cleared",
        "moved",
        None,
        None,
    )


async def test_a_clearing_and_a_step_that_meet_never_leave_a_step_behind_it(compound: Compound) -> None:
    async def clear(violation: str) -> int:
        async with compound.parking.client("gu", HERE, "guard") as client:
            body = {"outcome": "moved", **PHOTO}
            return (await client.post(f"/violations/{violation}/clear", json=body)).status_code

    cases = [await opened(compound, plate=f"浙L1234{number}") for number in range(6)]
    ends = await asyncio.gather(*(clear(case) for case in cases), *(tick(compound, 5) for _ in range(4)))
    assert [end for end in ends if end] == [200] * 6
    await tick(compound, 500)
    said = await compound.said(ESCALATED, CLEARED)
    for case in cases:
        assert [each["type"] for each in said if each["violation"] == case][-1] == CLEARED

    await cleared_once(compound)


async def cleared_once(compound: Compound) -> None:
    """A word needs evidence, and what is over is over."""
    violation = await opened(compound)
    path = f"/violations/{violation}/clear"
    async with compound.parking.client("gu", HERE, "guard") as client:
        assert (await client.post(path, json={"outcome": "moved", "evidence": []})).status_code == 422
        key = {"idempotency-key": "once"}
        body = {"outcome": "not-a-violation", **PHOTO}
        first = await client.post(path, json=body, headers=key)
        assert (first.status_code, first.json()["outcome"]) == (200, "not-a-violation")
        assert (await client.post(path, json=body, headers=key)).json() == first.json()
        assert (await client.post(path, json=body)).status_code == 409
        assert (await client.post(f"/violations/{new_id()}/clear", json=body)).status_code == 404
    async with compound.parking.client("li", HERE, "resident") as client:
        assert (await client.post(path, json=body)).status_code == 403
    assert await names(compound, UUID(violation)) == [OPENED, CLEARED]
    await excused(compound, violation)


async def excused(compound: Compound, violation: str) -> None:
    """Who says that it is no violation is heard by cameras and neighbours, until the car has left."""
    before = await names(compound)
    assert (await camera(compound, kind="fire-lane")).status_code == 200
    assert (await sighted(compound, "volunteer", "hu")).json() == {"violation": None}
    assert await names(compound) == before
    again = await opened(compound)  # a guard, who has thought better of it
    assert again != violation
    async with compound.parking.client("gu", HERE, "guard") as client:
        body = {"outcome": "not-a-violation", **PHOTO}
        assert (await client.post(f"/violations/{again}/clear", json=body)).status_code == 200
    compound.start = datetime.now(UTC)
    await compound.deliver("out", compound.read(0, PLATE, "left"))
    assert (await sighted(compound, "volunteer", "hu")).json()["violation"] not in {violation, again, None}


async def test_leaving_through_a_gate_ends_it_and_older_looks_open_nothing(compound: Compound) -> None:
    start = datetime.now(UTC)
    compound.start = start
    for kind in ("fire-lane", "two-bays"):
        await camera(compound, ago=2, kind=kind)
    await compound.deliver("out", compound.read(-3, PLATE, "before"))  # left, and came back
    assert await names(compound) == [OPENED, OPENED]
    await compound.deliver("out", compound.read(-1, PLATE, "after"), compound.read(-1, VISITOR, "other"))
    assert await names(compound) == [OPENED, OPENED, CLEARED, CLEARED]
    await camera(compound, ago=1.5, kind="fire-lane")
    assert (await sighted(compound, seen_at=compound.at(-1.2).isoformat())).json() == {"violation": None}
    await camera(compound, VISITOR, ago=61, kind="fire-lane")
    await camera(compound, VISITOR, kind="no-such-kind")
    assert len(await names(compound)) == 4
    await camera(compound, ago=0.5, kind="fire-lane")  # and came back once more
    assert (await names(compound))[4:] == [OPENED]


async def test_everybody_concerned_follows_the_case_as_far_as_their_role_needs(compound: Compound) -> None:
    household = await owner_of(compound, PLATE, "li")
    violation = await opened(compound, role="volunteer", person="hu")
    path = f"/violations/{violation}"
    guard = (await read_as(compound, "guard", "gu", path)).json()
    assert (guard["plate"], guard["household"], guard["looks"][0]["by"]) == (PLATE, str(household), "hu")
    steward = (await read_as(compound, "steward", "st", path)).json()
    assert (steward["plate"], steward["masked_plate"]) == (None, "浙L·**345")
    assert (steward["looks"][0]["by"], steward["looks"][0]["evidence"]) == (None, PHOTO["evidence"])
    for person, status in (("li", 200), ("hu", 200), ("neighbour", 404)):
        answer = await read_as(compound, "resident", person, path)
        assert answer.status_code == status
        assert PLATE not in answer.text
        listed = (await read_as(compound, "resident", person, "/violations")).json()["items"]
        assert [each["id"] for each in listed] == [violation] * (status == 200)
    of: dict[str, Any] = {"task": new_id(), "kind": "move-car"}
    task = of | {"claim": new_id(), "volunteer": new_id()}
    now, about = datetime.now(UTC), About(type="violation", id=UUID(violation))
    goes = TaskClaimed(person="party", number=1, starts_at=now, ends_at=now, about=about, **task)
    await take(compound, 1, Event(new_id(), "/linli/volunteer", now, THERE, 1, goes))
    assert (await read_as(compound, "volunteer", "party", path)).status_code == 404
    await take(compound, 1, *(Event(new_id(), "/linli/volunteer", now, HERE, 1, goes) for _ in range(2)))
    helper = (await read_as(compound, "volunteer", "party", path)).json()
    assert (helper["masked_plate"], helper["plate"], helper["looks"][0]["by"]) == ("浙L·**345", None, None)
    again = TaskOpened(reopened=True, left="party", starts_at=now, ends_at=now, places=1, about=about, **of)
    await take(compound, 1, Event(new_id(), "/linli/volunteer", now, HERE, 2, again))
    await take(compound, 1, Event(new_id(), "/linli/volunteer", now, HERE, 1, goes))  # older news
    assert (await read_as(compound, "volunteer", "party", path)).status_code == 404
    assert (await read_as(compound, "volunteer", "party", "/violations")).json()["items"] == []
    assert (await read_as(compound, "resident", "li", f"/violations?plate={PLATE}")).status_code == 403
    async with compound.parking.client("gu", THERE, "guard") as stranger:
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.get("/violations")).json()["items"] == []
        assert (await stranger.post(f"{path}/clear", json={"outcome": "moved", **PHOTO})).status_code == 404
        assert (await stranger.get("/board")).json()["cases"] == []
    assert (await sighted(await make_compound(compound.parking, THERE), "guard")).status_code == 201


async def listed(compound: Compound) -> None:
    """Lists are paged and filtered."""
    made = [await opened(compound, plate=f"浙L5432{number}") for number in range(3)]
    blocked = await opened(compound, kind="exit-blocked")
    await camera(compound, kind="exit-blocked", gone=True)
    async with compound.parking.client("gu", HERE, "guard") as client:
        params: dict[str, str] = {"limit": "2", "kind": "fire-lane", "compound": str(compound.id)}
        first = (await client.get("/violations", params=params)).json()
        second = (await client.get("/violations", params=params | {"cursor": first["next"]})).json()
        assert [each["id"] for each in first["items"] + second["items"]] == made[::-1]
        over = (await client.get("/violations", params={"standing": False})).json()["items"]
        assert [each["id"] for each in over] == [blocked]
        found = (await client.get("/violations", params={"plate": "浙l·54321"})).json()["items"]
        assert [each["id"] for each in found] == [made[1]]


async def test_a_compound_makes_a_kind_its_own_and_open_cases_keep_their_steps(compound: Compound) -> None:
    await refused(compound)
    before = await opened(compound)
    path = f"/compounds/{compound.id}/violation-kinds"
    async with compound.client() as client:
        own = {"kind": "fire-lane", "steps": [{"action": "street-office", "after_minutes": 1}]}
        made = await client.post(path, json=own)
        assert (made.status_code, made.json()["version"]) == (201, 1)
        off = await client.post(path, json={"kind": "two-bays", "enabled": False, "steps": []})
        assert off.status_code == 201
        wrong = {"kind": "fire-lane", "steps": [{"action": "ask-person", "after_minutes": 1}]}
        assert (await client.post(path, json=wrong)).status_code == 422
        kinds = {each["kind"]: each["version"] for each in (await client.get(path)).json()["items"]}
    assert kinds == {"exit-blocked": 0, "fire-lane": 1, "quiet-zone": 0, "two-bays": 1}
    after = await opened(compound, plate=VISITOR)
    assert (await sighted(compound, kind="two-bays")).status_code == 422
    await tick(compound, 1)
    assert [each["violation"] for each in await compound.said(ESCALATED)] == [after]
    await tick(compound, 5)
    assert [each["violation"] for each in await compound.said(ESCALATED)] == [after, before]


async def test_the_board_shows_what_stands_where_and_what_is_unknown(
    compound: Compound, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await opened(compound)
    await opened(compound, plate=VISITOR, kind="two-bays")
    await tick(compound, 5)
    await compound.deliver("in", compound.read(600, VISITOR), up_to=719)
    await compound.deliver("out", up_to=719)
    board = (await read_as(compound, "operator", "op", "/board")).json()
    assert (board["open"], board["late"], len(board["cases"])) == (2, 0, 2)
    assert {(each["kind"], each["step"], each["cases"]) for each in board["standing"]} == {
        ("fire-lane", 1, 1),
        ("two-bays", 0, 1),
    }
    assert {each["id"]: each["action"] for each in board["cases"]}[first] == "tell-again"
    (full,) = board["compounds"]
    assert (full["state"], full["cars"], full["name"]) == ("known", 1, "合源小区")
    system = compound.parking.service.context.database.system
    await system.execute("UPDATE devices SET advanced_at = advanced_at - interval '1 hour'")
    await system.execute("UPDATE violations SET next_at = next_at - interval '2 hours'")
    board = (await read_as(compound, "guard", "gu", "/board")).json()
    (silent,) = board["compounds"]
    assert (silent["state"], silent["cars"], silent["as_of"]) == ("unknown", None, None)
    assert (board["late"], board["cases"][0]["late"]) == (2, True)
    third = await opened(compound, plate="浙L77777", kind="exit-blocked")
    board = (await read_as(compound, "guard", "gu", "/board")).json()
    assert (board["late"], [each["late"] for each in board["cases"]]) == (2, [True, True, False])
    assert (board["cases"][-1]["id"], board["standing"][0]["late"]) == (third, 0)
    longest = max(each["seconds_in_step"] for each in board["cases"])
    assert abs(max(each["longest_seconds"] for each in board["standing"]) - longest) <= 1
    for overdue in ("step = 3, next_at = NULL", "step = 2, asked_until = now() - interval '1 minute'"):
        await system.execute(f"UPDATE violations SET {overdue} WHERE id = $1", UUID(third))
        board = (await read_as(compound, "guard", "gu", "/board")).json()
        assert (board["late"], [each["late"] for each in board["cases"]]) == (3, [True] * 3), overdue
    monkeypatch.setattr("services.parking.api.board.MOST_OPEN", 1)
    board = (await read_as(compound, "guard", "gu", "/board")).json()
    assert (board["open"], board["late"], len(board["cases"])) == (3, 3, 1)
    assert (await read_as(compound, "resident", "li", "/board")).status_code == 403
    await listed(await make_patrolled(compound.parking))


async def refused(compound: Compound) -> None:
    """What is no look stores nothing."""
    seen = {"id": "1", "captured_at": datetime.now(UTC).isoformat(), "plate": PLATE}
    assert (await compound.deliver("in", seen | {"kind": "fire-lane"})).status_code == 422
    assert (await compound.deliver("eye", seen | {"gone": True})).status_code == 422
    assert (await compound.deliver("eye", seen | PHOTO)).status_code == 422
    unseen = await compound.deliver("eye", seen | {"kind": "fire-lane"})
    assert (unseen.status_code, unseen.json()["errors"][0]["code"]) == (422, "no-evidence")
    bad: list[dict[str, Any]] = [
        {"evidence": []},
        {"evidence": ["a b"]},
        {"kind": "no-such"},
        {"plate": "··"},
    ]
    for wrong in bad:
        assert (await sighted(compound, **wrong)).status_code == 422
    assert (await sighted(replace(compound, id=new_id()))).status_code == 422
    assert (await sighted(compound, "resident", "li")).status_code == 403
    assert await names(compound) == []
