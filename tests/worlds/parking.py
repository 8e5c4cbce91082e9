"""A community of parking: a compound with its gates, a car of a household, and one that stayed too long."""

from datetime import UTC, datetime, timedelta

import orjson

from services.parking.usecases.judge_overstays import judge_overstays, recheck_cars
from services.parking.usecases.project_compounds import project_compounds
from services.parking.usecases.project_households import project_households
from shared.contracts import Event, Fact, HouseholdRegistered, PlaceRegistered
from shared.identifiers import new_id
from shared.security.signatures import sign
from tests.worlds.recording import World


async def furnish(world: World) -> None:
    """Call every route once."""
    works, room = world.service.context.works, world.by("paul", "property")
    compound, household, now = new_id(), new_id(), datetime.now(UTC)

    def told(fact: Fact) -> Event[Fact]:
        return Event(new_id(), "/linli/issues", now, world.community, 1, fact)

    place = PlaceRegistered(
        place=compound, kind="compound", parent=world.community, name="合源小区", code="HY"
    )
    async with works.for_system("test") as work:
        await project_compounds(work, [told(place)])
        home = HouseholdRegistered(household=household, unit=new_id(), persons=("li",))
        await project_households(work, [told(home)])

    await _register(world, str(household))
    await _lay_out(world, str(compound))
    since = (now - timedelta(days=1)).isoformat()
    await room.get("/compounds")
    await room.get(f"/compounds/{compound}")
    rule = {"free_minutes": 60, "effective_from": since}
    await room.post(f"/compounds/{compound}/rules", rule)
    await room.get(f"/compounds/{compound}/rules")
    device = await room.post("/devices", {"compound": str(compound), "lane": "in", "role": "entry"})
    await room.get(f"/devices/{device['id']}")
    await room.get("/devices")
    await room.post(f"/devices/{device['id']}/keys")
    await _read(world, device["key"])
    while await recheck_cars(works) + await judge_overstays(works):
        pass
    stay = (await room.get("/stays"))["items"][0]["id"]
    await room.get(f"/stays/{stay}")
    await room.get("/overstays")
    await room.get(f"/compounds/{compound}/occupancy")
    await _violate(world, str(compound))
    granted = await room.post("/passes", {"compound": str(compound), "plate": "浙B54321", "contact": "li"})
    await room.get(f"/passes/{granted['id']}")
    await room.get("/passes")
    await room.post(f"/passes/{granted['id']}/end")
    await room.put(f"/compounds/{compound}", {"spaces": 300}, if_match='"1"')
    await room.post(f"/devices/{device['id']}/retire")


async def _register(world: World, household: str) -> None:
    """A household's first car, and a second one that gets another plate and goes."""
    room = world.by("paul", "property")
    made = await room.post("/vehicles", {"household": household, "plate": "浙LD12345"})
    await room.get(f"/vehicles/{made['id']}")
    await room.get("/vehicles")
    file = f"household,plate\n{household},浙L88888\n".encode()
    await room.post("/vehicles/import", file, content_type="text/csv")
    second = (await room.get("/vehicles?plate=浙L88888"))["items"][0]["id"]
    await room.post(f"/vehicles/{second}/plate", {"plate": "浙L66666"})
    await room.get(f"/vehicles/{second}/plates")
    await room.post(f"/vehicles/{second}/end", {})


async def _lay_out(world: World, compound: str) -> None:
    """A quiet yard."""
    room, zones = world.by("paul", "property"), f"/compounds/{compound}/zones"
    await room.post(zones, {"code": "yard", "kind": "quiet"})
    await room.put(f"{zones}/yard", {"kind": "quiet", "spaces": 3}, if_match='"1"')
    await room.get(f"{zones}/yard")
    await room.get(zones)


async def _violate(world: World, compound: str) -> None:
    """A car in the fire lane, whose owner is the household's."""
    room, guard = world.by("paul", "property"), world.by("greg", "guard")
    kind = {"kind": "fire-lane", "steps": [{"action": "tell-again", "after_minutes": 5}]}
    await room.post(f"/compounds/{compound}/violation-kinds", kind)
    await room.get(f"/compounds/{compound}/violation-kinds")
    seen = {"compound": compound, "plate": "浙LD12345", "kind": "fire-lane", "evidence": ["photo:1"]}
    violation = (await guard.post("/sightings", seen))["violation"]
    await room.get("/board")
    await world.by("li", "resident").get(f"/violations/{violation}")
    await world.by("li", "resident").get("/violations")
    await guard.post(f"/violations/{violation}/clear", {"outcome": "moved", "evidence": ["photo:2"]})


async def _read(world: World, key: dict[str, str]) -> None:
    """A car from outside, three hours ago; a device's call is nobody's and is not made again."""
    now = datetime.now(UTC)
    seen = {"id": "r1", "captured_at": (now - timedelta(hours=3)).isoformat(), "plate": "浙B12345"}
    body = orjson.dumps({"sent_at": now.isoformat(), "delivered_up_to": now.isoformat(), "reads": [seen]})
    headers = {"content-type": "application/json", **sign(body, key_id=key["id"], secret=key["secret"])}
    answer = await world.client.post("/reads", content=body, headers=headers)
    assert answer.is_success, answer.text
