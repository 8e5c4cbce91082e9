"""A community of issues with one of everything, and a case through each of its ways."""

from datetime import UTC, datetime
from uuid import uuid4

import orjson

from tests.issues.recorded import MAPPING
from tests.issues.test_photos import photo
from tests.issues.town import MINIMAL_CATEGORY
from tests.worlds.recording import Person, World

CSV = {"content_type": "text/csv"}


async def furnish(world: World) -> None:
    """Call every route once."""
    community = str(world.community)
    body = {"id": community, "code": f"c{world.community.hex[-8:]}", "name": "East", "operators": ["olive"]}
    await world.by("root", platform=True).post("/communities", body)
    room, guard = world.by("olive", "operator", "dispatcher"), world.by("greg", "guard")
    compound = await _register(world, room)
    await room.put("/categories/fire-lane", MINIMAL_CATEGORY)
    await room.get("/categories/fire-lane")
    await room.get("/categories")
    await room.put("/dispatch-rules/lanes", {"rank": 10, "target": {"role": "guard", "place": compound}})
    await room.get("/dispatch-rules/lanes")
    await room.get("/dispatch-rules")
    await room.put("/dispatch-fallback", {"person": "olive"}, if_match='"1"')
    await room.get("/dispatch-fallback")
    await room.get("/closing-rules")
    await room.put("/closing-rules", {"check_needed": False, "reopen_days": 7}, if_match='"0"')
    await _deadlines(room, compound)
    await _live(world, room, guard, compound)
    await _report(world, room)
    await room.call("DELETE", "/dispatch-rules/lanes", if_match='"1"')
    mapping = orjson.loads(MAPPING.read_bytes()) | {"categories": {}, "other_category": "fire-lane"}
    await room.put("/import-mappings/old", mapping)
    await room.get("/import-mappings/old")
    await room.post("/imports/old", (",".join(mapping["columns"].values()) + "\n").encode(), **CSV)


async def _deadlines(room: Person, compound: str) -> None:
    """When the community works, and who hears of what is late."""
    hours = (await room.get("/calendar"))["hours"]
    await room.put("/calendar", {"hours": hours, "holidays": "none"}, if_match='"0"')
    late = {"levels": [{"after_minutes": 60, "target": {"person": "olive"}}]}
    for address in ("/escalation", "/categories/fire-lane/escalation"):
        await room.get(address)
        await room.put(address, late, if_match='"0"')
    await room.call("DELETE", "/categories/fire-lane/escalation", if_match='"1"')
    await room.get(f"/dispatch/explain?category=fire-lane&place={compound}")


async def _register(world: World, room: Person) -> str:
    """The register; gives a compound."""
    compound = (await room.post("/places", _place("compound", str(world.community), "HY")))["id"]
    building = (await room.post("/places", _place("building", compound, "HY-1")))["id"]
    unit = (await room.post("/places", _place("unit", building, "101")))["id"]
    await room.post("/places/import", b"kind,code,parent,name,floor_area_m2\nbuilding,HY-2,HY,2,\n", **CSV)
    await room.get(f"/places?within={compound}")
    await room.get(f"/places/{compound}")
    await room.call("PATCH", f"/places/{compound}", {"name": "Heyuan"}, if_match='"1"')
    household = (await room.post("/households", {"code": "H1", "unit": unit, "persons": ["rita"]}))["id"]
    await room.post("/households/import", b"code,unit,persons\nH2,101,p1\n", **CSV)
    await room.get("/households")
    await room.get(f"/households/{household}")
    await room.put(f"/households/{household}", {"unit": unit, "persons": ["rita", "rob"]}, if_match='"1"')
    await room.call("DELETE", f"/households/{household}", if_match='"2"')
    grant = (await room.post("/roles", {"person": "greg", "role": "guard", "place": compound}))["id"]
    await room.post("/roles/import", b"person,role,place\ngina,guard,HY\n", **CSV)
    await room.get("/roles")
    await room.get(f"/roles/{grant}")
    await room.call("DELETE", f"/roles/{grant}", if_match='"1"')
    closed = (await room.post("/places", _place("building", compound, "HY-3")))["id"]
    await room.call("DELETE", f"/places/{closed}", if_match='"1"')
    return str(compound)


async def _live(world: World, room: Person, guard: Person, compound: str) -> None:
    """Cases, each on one of the ways through their life."""
    rita = world.by("rita", "resident")

    async def report() -> str:
        body = {"category": "fire-lane", "description": "a van in the fire lane", "place": compound}
        return f"/cases/{(await rita.post('/reports', body))['id']}"

    to_guards = {"assignee": {"role": "guard", "place": compound}}
    case = await report()
    await room.post(f"{case}/accept", {})
    await room.post(f"{case}/assign", to_guards)
    await guard.post(f"{case}/start", {})
    await guard.post(f"{case}/return", {"reason": "not-mine"})
    await room.post(f"{case}/assign", to_guards)
    for decision in ("refuse", "approve"):
        await guard.post(f"{case}/extension", {"minutes": 60, "reason": "The part comes on Thursday"})
        await room.get("/extensions")
        await room.post(f"{case}/extension/{decision}", {})
    await room.get("/cases/statistics")
    await guard.post(f"{case}/resolve", {"outcome": "towed"})
    await room.post(f"{case}/check", {"fixed": True})
    await room.post(f"{case}/close", {})
    await rita.post(f"{case}/rate", {"stars": 4})
    await rita.post(f"{case}/reopen", {"note": "The van is back"})
    await rita.post(f"{await report()}/withdraw", {})
    await room.post(f"{await report()}/refuse", {"reason": "not-our-area"})
    await room.get(case)
    await room.get(f"{case}/history")
    await room.get(f"/cases?place={compound}")


async def _report(world: World, room: Person) -> None:
    """What reporters do beside reporting, and what is shown to everybody."""
    rita, sue = world.by("rita", "resident"), world.by("sue", "resident")
    body = {"category": "fire-lane", "description": "a van in the fire lane"}
    case = f"/cases/{(await rita.post('/reports', body))['id']}"
    await sue.post(f"{case}/follow")
    await sue.get("/reports/mine?followed=true")
    await sue.post(f"{case}/unfollow")
    picture = {"content_type": "image/png"}
    added = (await rita.post(f"{case}/photos", photo(), **picture))["id"]
    await rita.get(f"{case}/photos")
    await rita.get(f"{case}/photos/{added}")
    await room.post(f"{case}/photos/{added}/publish", {"public": True})
    await room.post(f"{case}/photos/{added}/remove")
    await room.put("/photo-demands/fire-lane", {"kinds": ["before"]})
    await room.get("/photo-demands/fire-lane")
    await room.get("/photo-demands")
    await room.get("/public-view")
    await room.put("/public-view", {"text": "masked"})
    anonymous = await sue.post("/reports", body | {"anonymous": True})
    await sue.post("/claims/link", linli_claim_code=anonymous["claim_code"])
    for _ in range(2):
        world.claim_codes.append((await sue.post("/reports", body | {"anonymous": True}))["claim_code"])
    now = datetime.now(UTC).isoformat()
    item = body | {"client_id": str(uuid4()), "observed_at": now}
    await rita.post("/reports/batch", {"sent_at": now, "items": [item]})
    # The device's own: in another community it means another report.
    world.ids.discard(item["client_id"])


def _place(kind: str, parent: str, code: str) -> dict[str, str]:
    return {"kind": kind, "parent": parent, "code": code, "name": code}
