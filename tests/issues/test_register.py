"""The register over HTTP: places, households, roles, and what is refused."""

from typing import Any
from uuid import uuid4

import pytest

from tests.issues.town import Town

pytestmark = pytest.mark.anyio


async def test_a_community_begins_with_its_operators(town: Town) -> None:
    place = await town.get(f"/places/{town.id}")
    assert (place["kind"], place["parent"], place["zone"], place["version"]) == (
        "community",
        None,
        "Asia/Shanghai",
        1,
    )
    grants = await town.get("/roles")
    assert [(grant["person"], grant["role"], grant["place"]) for grant in grants["items"]] == [
        ("olive", "operator", str(town.id))
    ]


async def test_places_nest_and_change_by_version(town: Town) -> None:
    compound = await town.place("compound", town.id, "HY")
    building = await town.place("building", compound, "HY-1")
    unit = await town.place("unit", building, "1幢101", floor_area_cm2=882500)
    found = await town.get(f"/places/{unit}")
    assert found["path"] == [str(town.id), str(compound), str(building), str(unit)]
    change = {"name": "101", "floor_area_cm2": 882600}
    path = f"/places/{unit}"
    assert (await town.ask("PATCH", path, body=change)).status_code == 428
    assert (await town.ask("PATCH", path, body=change, if_match=7)).status_code == 412
    changed = await town.ask("PATCH", path, body=change, if_match=1)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    again = await town.ask("PATCH", path, body=change, if_match=2)
    assert again.json()["version"] == 2, "a change that changes nothing makes no version"
    renamed = await town.ask("PATCH", path, body={"name": "102"}, if_match=2)
    assert (renamed.json()["name"], renamed.json()["floor_area_cm2"]) == ("102", 882600)
    emptied = await town.ask("PATCH", path, body={"floor_area_cm2": None}, if_match=3)
    assert (emptied.json()["name"], emptied.json()["floor_area_cm2"]) == ("102", None)
    inside = await town.get(f"/places?within={compound}")
    assert {place["code"] for place in inside["items"]} == {"HY", "HY-1", "1幢101"}


async def test_a_place_closes_only_when_empty(town: Town) -> None:
    compound = await town.place("compound", town.id, "HY")
    building = await town.place("building", compound, "HY-1")
    await town.report(place=str(building))
    assert (await town.ask("DELETE", f"/places/{compound}", if_match=1)).status_code == 409
    closed = await town.ask("DELETE", f"/places/{building}", if_match=1)
    assert closed.json()["closed_at"] is not None
    assert (await town.ask("DELETE", f"/places/{compound}", if_match=1)).status_code == 200
    body = {"kind": "building", "parent": str(compound), "code": "HY-2", "name": "2"}
    assert (await town.ask("POST", "/places", body=body)).status_code == 409
    for closed_place in (compound, building):
        report = {"category": "fire-lane", "description": "x", "place": str(closed_place)}
        assert (await town.ask("POST", "/reports", roles=("resident",), body=report)).status_code == 422


async def test_households_live_in_units_and_end(town: Town) -> None:
    compound = await town.place("compound", town.id, "HY")
    building = await town.place("building", compound, "HY-1")
    unit = await town.place("unit", building, "101")
    body: dict[str, Any] = {"code": "H1", "unit": str(unit), "persons": ["p1", "p2"]}
    made = await town.ask("POST", "/households", body=body)
    path = made.headers["Location"]
    assert (await town.ask("DELETE", f"/places/{unit}", if_match=1)).status_code == 409
    moved = {"unit": str(unit), "persons": ["p1", "p2", "p3"]}
    assert (await town.ask("PUT", path, body=moved, if_match=1)).json()["persons"] == ["p1", "p2", "p3"]
    assert (await town.ask("DELETE", path, if_match=2)).json()["version"] == 3
    assert (await town.ask("PUT", path, body=moved, if_match=3)).status_code == 409
    assert (await town.ask("POST", "/households", body=body)).status_code == 409, "the code is in use"
    assert (await town.get(path))["ended_at"] is not None


async def test_a_role_is_held_once_and_can_be_held_again(town: Town) -> None:
    body = {"person": "gu", "role": "guard"}
    granted = await town.ask("POST", "/roles", body=body)
    assert (await town.ask("POST", "/roles", body=body)).status_code == 409
    revoked = await town.ask("DELETE", granted.headers["Location"], if_match=1)
    assert revoked.json()["revoked_at"] is not None
    assert (await town.ask("POST", "/roles", body=body)).status_code == 201
    listed = await town.get("/roles?role=guard&person=gu")
    assert len(listed["items"]) == 1


async def test_the_platform_grants_roles_but_nobody_else_registers_communities(town: Town) -> None:
    community = {"Linli-Community": str(town.id)}
    body = {"person": "second", "role": "operator"}
    by_platform = await town.ask("POST", "/roles", roles=(), platform=True, body=body, headers=community)
    assert by_platform.status_code == 201
    new = {"code": "other", "name": "Other"}
    assert (await town.ask("POST", "/communities", body=new)).status_code == 403


async def test_lists_come_in_pages(town: Town) -> None:
    compound = await town.place("compound", town.id, "HY")
    made = {str(await town.place("building", compound, f"HY-{number}")) for number in range(5)}
    seen: list[str] = []
    path = "/places?kind=building&limit=2"
    page = await town.get(path)
    while True:
        seen += [place["id"] for place in page["items"]]
        if page["next"] is None:
            break
        page = await town.get(f"{path}&cursor={page['next']}")
    assert len(seen) == 5
    assert set(seen) == made
    assert (await town.ask("GET", "/places?limit=101")).status_code == 422
    assert (await town.ask("GET", "/places?cursor=abc")).status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/places", {"kind": "unit", "parent": "{town}", "code": "1", "name": "1"}, 422),
        ("/places", {"kind": "compound", "parent": str(uuid4()), "code": "1", "name": "1"}, 404),
        ("/places", {"kind": "compound", "parent": "{town}", "code": "小区", "name": "1"}, 422),
        ("/places", {"kind": "compound", "parent": "{town}", "code": "A", "name": ""}, 422),
        ("/places", {"kind": "compound", "parent": "{town}", "code": "A", "name": "a\x00"}, 422),
        ("/places", {"kind": "compound", "parent": "{town}", "code": "A", "name": "A", "zone": "x"}, 422),
        (
            "/places",
            {"kind": "compound", "parent": "{town}", "code": "A", "name": "A", "floor_area_cm2": 5},
            422,
        ),
        ("/places", {"kind": "community", "parent": "{town}", "code": "A", "name": "A"}, 422),
        ("/households", {"code": "h", "unit": "{town}", "persons": []}, 422),
        ("/households", {"code": "h", "unit": "{town}", "persons": ["张三"]}, 422),
        ("/roles", {"person": "p", "role": "platform"}, 422),
        ("/roles", {"person": "p", "role": "emperor"}, 422),
        ("/roles", {"person": "p q", "role": "guard"}, 422),
        ("/roles", {"person": "p", "role": "guard", "place": str(uuid4())}, 404),
    ],
)
async def test_bad_entries_are_refused(town: Town, path: str, body: dict[str, Any], status: int) -> None:
    filled = {name: str(town.id) if value == "{town}" else value for name, value in body.items()}
    answer = await town.ask("POST", path, body=filled)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert len((await town.get("/roles"))["items"]) == 1
