"""The registry: zones and rules of compounds, and what becomes of households' vehicles."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from prometheus_client import REGISTRY

from shared.identifiers import new_id
from shared.runtime.running import Activity
from tests.fixtures.identity import Issuer
from tests.fixtures.outbox import WAITING, facts_in
from tests.fixtures.services import MakeSettings
from tests.parking.conftest import THERE, Parking, household_ended, household_registered, parking_at_work
from tests.parking.gates import Compound, make_compound
from tests.parking.looks import (
    CLEARED,
    OPENED,
    PHOTO,
    camera,
    make_patrolled,
    names,
    opened,
    read_as,
    sighted,
    tick,
)

pytestmark = pytest.mark.anyio

CSV = {"content-type": "text/csv"}
OLD, NEW = "浙L10002", "浙L20002"
OVER, BACK = "vehicle-overstayed", "overstay-retracted"


@pytest.fixture
async def parking(service_settings: MakeSettings, issuer: Issuer) -> AsyncIterator[Parking]:
    """Its API alone, so that the outbox keeps what was said."""
    async with parking_at_work(service_settings, issuer, Activity.api) as at_work:
        yield at_work


async def said(parking: Parking) -> list[str]:
    rows = await parking.service.context.database.system.fetch(WAITING)
    return [headers["ce_type"].split(".")[2] for headers, _ in facts_in(rows)]


def misnamed() -> list[float]:
    """How many kinds and zones of looks were misspelt."""
    name = "linli_looks_misnamed_total"
    return [REGISTRY.get_sample_value(name, {"what": what}) or 0 for what in ("kind", "zone")]


async def register(client: httpx.AsyncClient, household: UUID, plate: str) -> dict[str, Any]:
    made = await client.post("/vehicles", json={"household": str(household), "plate": plate})
    assert made.status_code == 201, made.text
    answer: dict[str, Any] = made.json()
    return answer


async def test_a_vehicle_keeps_its_index_and_its_past(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        first = await register(client, household, "浙L10001")
        path = f"/vehicles/{first['id']}"
        assert (await register(client, household, "浙L10002"))["index"] == 2
        taken = await client.post(f"{path}/plate", json={"plate": "浙L 10002"})
        assert (taken.status_code, taken.json()["type"].rsplit(":", 1)[-1]) == (409, "plate-taken")
        early = {"plate": "浙LF12345", "valid_from": "2020-01-01T00:00:00Z"}
        assert (await client.post(f"{path}/plate", json=early)).status_code == 422
        changed = await client.post(f"{path}/plate", json={"plate": "浙L·F12345"})
        assert (changed.status_code, changed.json()["index"]) == (200, 1), changed.text
        assert changed.json()["plate_kind"] == "new-energy"
        plates = (await client.get(f"{path}/plates")).json()["items"]
        assert [each["plate"] for each in plates] == ["浙L10001", "浙LF12345"]
        assert plates[0]["valid_until"] == plates[1]["valid_from"]
        assert (await register(client, household, "浙L10001"))["index"] == 3  # nobody has it any more
        ended = await client.post(f"{path}/end", json={})
        assert ended.json()["valid_until"] is not None
        again = await client.post(f"{path}/end", json={})
        assert (again.status_code, again.json()["type"].rsplit(":", 1)[-1]) == (409, "ended-vehicle")
        assert (await client.post(f"/vehicles/{new_id()}/end", json={})).status_code == 404
        assert (await register(client, household, "浙LF12345"))["index"] == 1
    async with parking.client("zhao", THERE) as there:
        for strange in ("end", "plate"):
            answer = await there.post(
                f"{path}/{strange}", json={"plate": "浙L1"} if strange == "plate" else {}
            )
            assert answer.status_code == 404
        assert (await there.get(f"{path}/plates")).status_code == 404
    registered, changed_, gone = "vehicle-registered", "vehicle-plate-changed", "vehicle-ended"
    assert await said(parking) == [registered, registered, changed_, registered, gone, registered]


async def test_whoever_moves_out_takes_the_vehicles_along(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        made = [(await register(client, household, plate))["id"] for plate in ("浙L10001", OLD, "浙L10003")]
        later = (datetime.now(UTC) + timedelta(days=9)).isoformat()
        asked = {"plate": NEW, "valid_from": later}
        assert (await client.post(f"/vehicles/{made[1]}/plate", json=asked)).status_code == 200
        assert (await client.post(f"/vehicles/{made[2]}/end", json={"valid_until": later})).status_code == 200
        compound = await make_patrolled(parking)
        assert await whose(compound, OLD) == str(household)  # the new plate is for later
        assert await whose(compound, NEW) is None
        assert await whose(compound, "浙L10003") == str(household)
        for _ in range(2):
            await parking.tell(household_ended(household, 2))
        for vehicle in made:
            assert (await client.get(f"/vehicles/{vehicle}")).json()["valid_until"] < later
            for had in (await client.get(f"/vehicles/{vehicle}/plates")).json()["items"]:
                assert had["valid_until"] == had["valid_from"] or had["valid_until"] < later
        other = new_id()
        await parking.tell(household_registered(other))
        await register(client, other, OLD)
    assert [name for name in await said(parking) if name.startswith("vehicle")][-4:] == [
        *["vehicle-ended"] * 3,
        "vehicle-registered",
    ]


async def whose(compound: Compound, plate: str) -> Any:
    """Whose car a look that opens a case finds it to be."""
    case = await read_as(compound, "guard", "gu", f"/violations/{await opened(compound, plate=plate)}")
    return case.json()["household"]


async def test_a_file_of_vehicles_is_loaded_whole_and_again(parking: Parking, household: UUID) -> None:
    other = new_id()
    await parking.tell(household_registered(other))
    rows = [
        f"{household},浙L·10001,",
        f"{other},浙LD12345,2026-01-01T00:00:00+08:00",
        f"{household},浙l10002,",
    ]
    async with parking.client() as client:

        async def load(*lines: str, header: str = "household,plate,valid_from") -> httpx.Response:
            content = "\ufeff" + "\r\n".join((header, *lines))
            return await client.post("/vehicles/import", content=content.encode(), headers=CSV)

        wrong = await load(*rows, "me,浙L1,", f"{household},浙L10001,", f"{other},浙L9,tomorrow", "浙L9")
        assert (wrong.status_code, [row["row"] for row in wrong.json()["rows"]]) == (422, [5, 6, 7, 8])
        unknown = await load(*rows, f"{new_id()},浙L77777,")
        assert [row["row"] for row in unknown.json()["rows"]] == [5]
        assert "77777" not in unknown.text
        assert (await client.get("/vehicles")).json()["items"] == []
        assert (await load(*rows)).json() == {"created": 3, "unchanged": 0}
        assert (await load(*rows)).json() == {"created": 0, "unchanged": 3}
        taken = await load(f"{other},浙L10001,")
        assert "registered" in taken.json()["rows"][0]["reason"]
        found = (await client.get("/vehicles", params={"household": str(household)})).json()["items"]
        assert [(each["plate"], each["index"]) for each in found] == [("浙L10002", 2), ("浙L10001", 1)]
        assert (await load(*rows, header="owner,plate")).status_code == 422
        as_json = await client.post(
            "/vehicles/import", content=b"{}", headers={"content-type": "application/json"}
        )
        assert as_json.status_code == 415
    assert await said(parking) == ["vehicle-registered"] * 3


async def test_zones_and_rules_with_hours(parking: Parking) -> None:
    compound = await make_compound(parking)
    zones, rules = f"/compounds/{compound.id}/zones", f"/compounds/{compound.id}/rules"
    async with compound.client() as client:
        made = await client.post(zones, json={"code": "yard", "kind": "quiet"})
        assert made.status_code == 201, made.text
        assert (await client.post(zones, json={"code": "yard", "kind": "exit"})).status_code == 409
        assert (await client.post(zones, json={"code": "moon", "kind": "lunar"})).status_code == 422
        body, version = {"kind": "quiet", "spaces": 4}, {"If-Match": made.headers["ETag"]}
        assert (await client.put(f"{zones}/yard", json=body)).status_code == 428
        assert (await client.put(f"{zones}/yard", json=body, headers=version)).json()["spaces"] == 4
        assert (await client.put(f"{zones}/yard", json=body, headers=version)).status_code == 412
        night = {"days": [1, 2, 3, 4, 5, 6, 7], "begins": "22:00", "ends": "07:00"}
        rule = {
            "free_minutes": 90,
            "exempt_plate_kinds": ["armed-police", "emergency"],
            "free_times": [night | {"free_minutes": None}],
            "uncounted": [night],
            "quiet_zones": [{"zone": "yard", "hours": [night]}],
        }
        defined = await client.post(rules, json=rule)
        assert defined.status_code == 201, defined.text
        assert (await client.get(rules)).json()["items"][-1] == defined.json()
        assert {key: defined.json()[key] for key in rule} == rule
        for wrong in (
            {"quiet_zones": [{"zone": "moon"}]},
            {"uncounted": [night | {"begins": "25:00"}]},
            {"uncounted": [night, night | {"begins": "07:00", "ends": "22:00"}]},
            {"free_times": [night | {"free_minutes": 1}, night | {"free_minutes": 2}]},
        ):
            assert (await client.post(rules, json={"free_minutes": 5, **wrong})).status_code == 422, wrong
    async with parking.client("zhao", THERE) as there:
        assert (await there.get(zones)).status_code == 404
        assert (await there.post(zones, json={"code": "mine", "kind": "quiet"})).status_code == 422


async def test_a_quiet_zone_is_to_be_kept_free_in_its_hours(parking: Parking) -> None:
    compound = await make_patrolled(parking)
    now = datetime.now(ZoneInfo("Asia/Shanghai"))

    def hours(since: int, until: int) -> dict[str, Any]:
        begins, ends = (f"{now + timedelta(hours=each):%H:%M}" for each in (since, until))
        return {"days": [1, 2, 3, 4, 5, 6, 7], "begins": begins, "ends": ends}

    async with compound.client() as client:
        for code in ("yard", "lane"):
            await client.post(f"/compounds/{compound.id}/zones", json={"code": code, "kind": "quiet"})
    quiet = [{"zone": "yard", "hours": [hours(-1, 2)]}, {"zone": "lane", "hours": [hours(2, 4)]}]
    await compound.rule(60, quiet_zones=quiet)
    seen: dict[str, Any] = {"kind": "quiet-zone", "zone": "lane"}
    assert (await sighted(compound, **seen)).json() == {"violation": None}
    await camera(compound, ago=1, **PHOTO, **seen)
    before = misnamed()
    answer = await camera(compound, ago=1, **PHOTO, **seen | {"zone": "moon", "kind": "quite-zone"})
    assert (answer.status_code, misnamed()) == (200, [number + 1 for number in before])
    assert (await sighted(compound, **seen | {"zone": "moon"})).status_code == 422
    assert await names(compound) == []
    case = await opened(compound, **seen | {"zone": "yard"})
    await camera(compound, NEW, **PHOTO, **seen | {"zone": "yard"})
    assert await names(compound) == [OPENED, OPENED]
    shown = (await read_as(compound, "guard", "gu", f"/violations/{case}")).json()
    assert [look["zone"] for look in shown["looks"]] == ["yard"]
    two_bays = await opened(compound, plate=OLD, **seen | {"kind": "two-bays"})
    await tick(compound, 11)
    assert (await names(compound, UUID(case)), await names(compound, UUID(two_bays))) == (
        [OPENED, "tell-again"],
        [OPENED],
    )
    await tick(compound, 121)  # the quiet hours are over, and the car may stay
    assert await names(compound, UUID(case)) == [OPENED, "tell-again", CLEARED]
    assert await names(compound, UUID(two_bays)) == [OPENED, "tell-again"]
    shown = (await read_as(compound, "guard", "gu", f"/violations/{case}")).json()
    last = shown["looks"][-1]
    assert (shown["outcome"], last["source"], last["by"]) == ("unresolved", "rule", "quiet-hours")


async def test_hours_that_do_not_count_hold_stays_that_are_there(parking: Parking) -> None:
    compound = await make_compound(parking)
    began = compound.start.astimezone(ZoneInfo("Asia/Shanghai"))
    pause = {
        "begins": f"{began + timedelta(minutes=30):%H:%M}",
        "ends": f"{began + timedelta(minutes=120):%H:%M}",
    }
    await compound.rule(60, since=-10, uncounted=[pause])
    await compound.deliver("in", compound.read(0), compound.read(0, "浙LA123应急"))
    await compound.deliver("out", compound.read(150), compound.read(151, "浙LA123应急"))
    async with compound.client() as client:
        stays = (await client.get("/stays")).json()["items"]
    assert {stay["due_at"] for stay in stays} == {compound.at(150).isoformat().replace("+00:00", "Z")}
    assert len(await compound.said(OVER)) == 1
    await compound.rule(60, since=-9, uncounted=[pause], exempt_plate_kinds=["emergency"])
    await compound.settled()
    assert len(await compound.said(BACK)) == 1
    await compound.rule(60, since=-8)
    await compound.settled()
    assert len(await compound.said(OVER)) == 1  # both were gone by then
    async with compound.client() as client:
        found = (await client.get("/overstays", params={"standing": True})).json()["items"]
    assert [each["told"] for each in found] == [False, False]
