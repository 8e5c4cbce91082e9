"""Two communities never see each other: generated over all routes, and over all tables."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import pytest

from services.issues.app import ROUTERS
from shared.http.routing import GuardedRoute
from shared.runtime.running import Running
from shared.security.policy import Access
from shared.security.roles import Role
from tests.fixtures.identity import Issuer
from tests.issues.town import MINIMAL_CATEGORY, Town

pytestmark = pytest.mark.anyio
EXEMPT = {"alembic_version", "outbox", "inbox", "dead_letters", "parked_events"}


def routes() -> Iterator[tuple[str, str, GuardedRoute]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, GuardedRoute)
            yield from ((verb, route.path, route) for verb in sorted(route.verbs))


ALL = list(routes())


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


@pytest.mark.parametrize(("verb", "path", "route"), ALL, ids=[f"{verb} {path}" for verb, path, _ in ALL])
async def test_every_route_keeps_to_one_community(
    town: Town, other: Town, verb: str, path: str, route: GuardedRoute
) -> None:
    things = await things_of(other)
    address = re.sub(r"\{(\w+)\}", lambda found: things[found[1]], path)
    everything = [role.value for role in Role if role is not Role.platform]
    body: Any = None if verb in {"GET", "DELETE"} else BODIES.get((verb, path), {})
    how: dict[str, Any] = {"if_match": 1} if verb in {"PUT", "PATCH", "DELETE"} else {}
    as_csv = path.endswith("/import") or path.startswith("/imports")
    how |= {"content": "x,y\n", "headers": {"Content-Type": "text/csv"}} if as_csv else {"body": body}
    named = {"Linli-Community": str(other.id)}
    headers = how.pop("headers", {})

    stranger = await town.ask(verb, address, roles=everything, headers=headers | named, **how)
    if route.policy.access is Access.platform:
        assert stranger.status_code == 403
    else:
        assert (stranger.status_code, stranger.json()["detail"]) == (404, "no such community")

    within = await town.ask(verb, address, roles=everything, headers=headers, **how)
    if "{" in path and verb in {"GET", "PATCH", "DELETE"}:
        assert within.status_code == 404, within.text
    assert not any(
        value in within.text
        for name, value in things.items()
        if name.endswith("_id") and value not in address
    )


BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/places/{place_id}"): {"name": "taken over"},
    ("PUT", "/households/{household_id}"): {"unit": "01890000-0000-7000-8000-000000000000", "persons": []},
    ("POST", "/cases/{case_id}/assign"): {"assignee": {"person": "eve"}},
    ("POST", "/cases/{case_id}/resolve"): {"outcome": "taken over"},
    ("POST", "/cases/{case_id}/refuse"): {"reason": "not-mine"},
    ("POST", "/cases/{case_id}/return"): {"reason": "not-mine"},
    ("POST", "/cases/{case_id}/check"): {"fixed": True},
    ("POST", "/cases/{case_id}/reopen"): {"note": "taken over"},
    ("POST", "/cases/{case_id}/rate"): {"stars": 1},
    ("PUT", "/categories/{code}"): MINIMAL_CATEGORY,
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


async def test_every_table_of_tenants_is_walled_off(town: Town) -> None:
    rows = await town.system.fetch(
        """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS walled,
               (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid) AS policies
        FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
        """
    )
    tables = {row["relname"]: row for row in rows}
    assert tables.keys() > EXEMPT
    for name in tables.keys() - EXEMPT:
        assert tables[name]["walled"], name
        assert tables[name]["policies"] == 2, name


async def test_the_wall_holds_without_the_sql_that_names_the_community(town: Town, other: Town) -> None:
    async with town.running.context.works.for_request("eve", town.id) as work:
        for table in ("places", "households", "grants", "categories", "cases", "case_entries"):
            communities = await work.connection.fetch(f"SELECT DISTINCT community_id FROM {table}")
            assert {row[0] for row in communities} <= {town.id}, table
        with pytest.raises(Exception, match="row-level security"):
            await work.connection.execute("INSERT INTO import_mappings VALUES ($1, 'eve', '{}', 1)", other.id)
        await work.connection.execute("ROLLBACK; BEGIN")
