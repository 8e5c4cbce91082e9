"""What belongs to others cannot be named, and streets only read; all routes are in tests/worlds."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from shared.runtime.running import Running
from tests.fixtures.identity import Issuer
from tests.issues.town import Town

pytestmark = pytest.mark.anyio


@pytest.fixture
async def other(town: Town, issues: Running, issuer: Issuer) -> Town:
    """A second community, with one of everything in it."""
    other = Town(issues, town.client, issuer)
    await other.found()
    await other.category("fire-lane")
    await other.rule("rule", {"role": "guard", "level": "compound"})
    compound = await other.place("compound", other.id, "HY")
    building = await other.place("building", compound, "HY-1")
    await other.place("unit", building, "101")
    await other.load("/households/import", "code,unit,persons\nH1,101,p1\n")
    await other.report(place=str(compound))
    return other


async def things_of(town: Town) -> dict[str, str]:
    """What stands for each parameter of a path, in this community."""
    return {
        "place_id": (await town.get("/places?kind=compound"))["items"][0]["id"],
        "household_id": (await town.get("/households"))["items"][0]["id"],
        "grant_id": (await town.get("/roles"))["items"][0]["id"],
        "case_id": (await town.get("/cases"))["items"][0]["id"],
        "code": "rule",
        "name": "mapping",
        "mapping": "mapping",
    }


async def test_what_belongs_to_others_cannot_be_named(town: Town, other: Town) -> None:
    theirs = await things_of(other)
    place = theirs["place_id"]
    body = {"category": "fire-lane", "description": "x", "place": place}
    assert (await town.ask("POST", "/reports", roles=("resident",), body=body)).status_code == 422
    body = {"kind": "building", "parent": place, "code": "B", "name": "B"}
    assert (await town.ask("POST", "/places", body=body)).status_code == 404
    assert (
        await town.ask("POST", "/roles", body={"person": "p", "role": "guard", "place": place})
    ).status_code == 404
    rule = {"rank": 1, "place": place, "target": {"person": "ann"}}
    assert (await town.ask("PUT", "/dispatch-rules/r", body=rule)).status_code == 422
    rule = {"rank": 1, "target": {"role": "guard", "place": place}}
    assert (await town.ask("PUT", "/dispatch-rules/r", body=rule)).status_code == 422
    assign = {"assignee": {"role": "guard", "place": place}}
    case = await town.report()
    assert (await town.ask("POST", f"/cases/{case}/assign", body=assign)).status_code == 422
    assert (await town.ask("POST", f"/cases/{theirs['case_id']}/assign", body=assign)).status_code == 404
    resolve = {"outcome": "x"}
    assert (await town.ask("POST", f"/cases/{theirs['case_id']}/resolve", body=resolve)).status_code == 404
    assert (
        await town.load("/places/import", "kind,code,parent,name,floor_area_m2\nbuilding,N,HY,N,\n")
    ).status_code == 422
    assert (await town.get(f"/cases?place={place}"))["items"] == []
    assert (await town.get(f"/places?within={place}"))["items"] == []


async def test_street_readers_read_all_of_their_communities_and_write_nothing(
    town: Town, other: Town
) -> None:
    communities: dict[UUID | str, Iterable[str]] = {town.id: ["street"], other.id: ["street"]}
    headers = town.issuer.headers("st", communities)
    for one, expected in ((town, 0), (other, 1)):
        named = headers | {"Linli-Community": str(one.id)}
        page = await town.client.get("/cases", headers=named)
        assert len(page.json()["items"]) == expected
        body = {"category": "fire-lane", "description": "x"}
        assert (await town.client.post("/reports", headers=named, json=body)).status_code == 403
    assert (await town.client.get("/cases", headers=headers)).status_code == 400
