"""Stays and overstays from reads to facts: in any order, once, taken back when a late read says so."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.identifiers import new_id
from shared.runtime.running import Activity
from tests.fixtures.identity import Issuer
from tests.fixtures.services import MakeSettings
from tests.parking.conftest import HERE, THERE, Parking, household_registered, parking_at_work
from tests.parking.gates import Compound, make_compound

pytestmark = pytest.mark.anyio

OVER, BACK = "vehicle-overstayed", "overstay-retracted"


@pytest.fixture
async def parking(service_settings: MakeSettings, issuer: Issuer) -> AsyncIterator[Parking]:
    """Its API alone: the tests run the schedule themselves, and the outbox keeps what was said."""
    async with parking_at_work(service_settings, issuer, Activity.api) as at_work:
        yield at_work


@pytest.fixture
async def compound(parking: Parking) -> Compound:
    return await make_compound(parking)


async def beat(compound: Compound, up_to: float) -> None:
    """Both gates state that all is delivered up to then; five minutes less are believed."""
    for gate in ("in", "out"):
        assert (await compound.deliver(gate, up_to=up_to)).status_code == 200
    await compound.settled()


async def names(compound: Compound) -> list[str]:
    return [each["type"] for each in await compound.said()]


async def test_a_stay_of_exactly_the_free_time_is_free(compound: Compound) -> None:
    await compound.deliver("in", compound.read(0), compound.read(0, "浙B99999"))
    await compound.deliver("out", compound.read(60), compound.read(60 + 1 / 60, "浙B99999"))
    (said,) = await compound.said(OVER)
    assert (said["masked_plate"], said["free_minutes"]) == ("浙B·**999", 60)
    assert said["told"] == {"person": None, "role": "guard", "place": str(compound.id), "volunteers": False}
    assert said["provisional"] is False
    await beat(compound, 700)
    assert len(await compound.said(OVER)) == 1


async def test_an_open_stay_is_judged_by_the_watermark_once(compound: Compound) -> None:
    await compound.deliver("in", compound.read(0))
    await beat(compound, 64.9)
    assert await compound.said(OVER) == []
    await compound.deliver("in", up_to=100)
    await compound.settled()
    assert await compound.said(OVER) == []  # the way out has not said as much
    await beat(compound, 65)
    (said,) = await compound.said(OVER)
    assert said["exited_at"] is None
    await beat(compound, 300)
    await compound.deliver("out", compound.read(310))
    await beat(compound, 400)
    assert await names(compound) == ["vehicle-entered", OVER, "vehicle-exited"]


async def test_a_late_exit_takes_the_alarm_back_and_no_repeat_says_so_again(compound: Compound) -> None:
    await compound.deliver("in", compound.read(0))
    await beat(compound, 200)
    for _ in range(2):
        await compound.deliver("out", compound.read(50))
        await compound.settled()
    assert await names(compound) == ["vehicle-entered", OVER, "vehicle-exited", BACK]
    async with compound.client() as client:
        gone = (await client.get("/overstays", params={"standing": "false"})).json()["items"]
        assert (await client.get("/overstays", params={"standing": "true"})).json()["items"] == []
    assert [item["retracted_at"] is not None for item in gone] == [True]


async def test_a_missed_exit_waits_for_the_watermark_at_the_next_entry(compound: Compound) -> None:
    await compound.deliver("in", compound.read(0), compound.read(90))
    assert await compound.said(OVER) == []
    await beat(compound, 95)
    (said,) = await compound.said(OVER)
    assert said["exited_at"] == compound.at(90).isoformat().replace("+00:00", "Z")
    await compound.deliver("out", compound.read(400, "浙B00001"))
    async with compound.client() as client:
        missed = (await client.get("/stays", params={"state": "exit-missed"})).json()["items"]
        alone = (await client.get("/stays", params={"state": "entry-missed"})).json()["items"]
    assert "without an exit" in missed[0]["reason"]
    assert "without an entry" in alone[0]["reason"]


async def test_a_silent_lane_makes_alarms_provisional(compound: Compound) -> None:
    await compound.deliver("in", compound.read(0), up_to=300)
    system = compound.parking.service.context.database.system
    await system.execute(
        "UPDATE devices SET advanced_at = advanced_at - interval '1 hour' WHERE id = $1",
        compound.gates["out"].id,
    )
    # It still sends reads, and says no more of what came before them.
    assert (await compound.deliver("out", compound.read(1, "浙B00001"))).json()["stored"] == 1
    await compound.settled()
    (said,) = await compound.said(OVER)
    assert said["provisional"] is True
    async with compound.client() as client:
        shown = (await client.get(f"/compounds/{compound.id}/occupancy")).json()
    assert (shown["state"], shown["cars"]) == ("provisional", 1)


async def test_a_pass_exempts_and_its_contact_hears(compound: Compound) -> None:
    await compound.deliver("in", compound.read(0))
    async with compound.client() as client:
        body = {"compound": str(compound.id), "plate": "浙B·12345", "contact": "p-earlier"}
        ended = {"valid_from": compound.at(-600).isoformat(), "valid_until": compound.at(-1).isoformat()}
        assert (await client.post("/passes", json=body | ended)).status_code == 201
    await beat(compound, 200)
    assert [each["told"]["role"] for each in await compound.said(OVER)] == ["guard"]
    async with compound.client() as client:
        body |= {"contact": "p-host", "valid_from": compound.at(10).isoformat()}
        granted = await client.post("/passes", json=body | {"valid_until": compound.at(240).isoformat()})
        assert granted.status_code == 201, granted.text
    await compound.settled()
    assert (await names(compound))[-1] == BACK
    await beat(compound, 305)
    assert (await compound.said(OVER))[-1]["told"]["person"] == "p-host"
    await compound.deliver("out", compound.read(299))
    assert (await compound.said(BACK))[-1]["told"]["person"] == "p-host"


async def test_a_household_s_vehicle_may_stay_and_a_changed_rule_judges_anew(compound: Compound) -> None:
    household = new_id()
    await compound.parking.tell(household_registered(household))
    await compound.deliver("in", compound.read(0), compound.read(0, "浙B00002"))
    async with compound.client() as client:
        since = compound.at(-5).isoformat()
        body = {"household": str(household), "plate": "浙B12345", "valid_from": since}
        assert (await client.post("/vehicles", json=body)).status_code == 201
    await beat(compound, 100)
    assert [each["masked_plate"] for each in await compound.said(OVER)] == ["浙B·**002"]
    await compound.rule(240, since=-1)
    await compound.settled()
    assert [each["masked_plate"] for each in await compound.said(BACK)] == ["浙B·**002"]
    await compound.rule(30, since=-1, households_exempt=False)
    await compound.settled()
    assert len(await compound.said(OVER)) == 3
    # A car that was gone before a rule came to hold it is written down: nobody hears, nor that it was none.
    await compound.deliver("out", compound.read(20, "浙B00003"))
    await compound.deliver("in", compound.read(0, "浙B00003"))
    for minutes, standing in ((10, 3), (10, 3), (600, 0)):
        await compound.rule(minutes, since=-1, households_exempt=False)
        await compound.settled()
        async with compound.client() as client:
            found = (await client.get("/overstays", params={"standing": True})).json()["items"]
        assert len(found) == standing
        assert [each["plate"] for each in found if not each["told"]] == ["浙B00003"] * (standing > 0)
    assert (len(await compound.said(OVER)), len(await compound.said(BACK))) == (3, 3)


@pytest.mark.parametrize("seed", range(2))
async def test_any_order_and_repetition_of_deliveries_ends_alike(parking: Parking, seed: int) -> None:
    chance = random.Random(seed)
    ordered, mixed = [await make_compound(parking) for _ in range(2)]
    reads: list[tuple[str, dict[str, Any]]] = []
    for car in range(12):
        plate, minute = f"浙B{car:05d}", chance.randrange(0, 60)
        for _ in range(4):
            gate = chance.choice(["in", "in", "out"])
            reads.append((gate, ordered.read(minute, plate)))
            minute += chance.choice([30, 60, 61, 120])
    for gate in ("in", "out"):
        await ordered.deliver(gate, *(read for at, read in reads if at == gate))
    mixed.start = ordered.start
    shuffled = reads + chance.sample(reads, 8)
    chance.shuffle(shuffled)
    while shuffled:
        some = [shuffled.pop() for _ in range(min(6, len(shuffled)))]
        for gate in sorted({gate for gate, _ in some}):
            found = (read for at, read in some if at == gate)
            await mixed.deliver(gate, *found, up_to=chance.randrange(400))
            await mixed.settled()
    await beat(ordered, 700)
    await beat(mixed, 700)
    assert await state(ordered) == await state(mixed)
    for compound in (ordered, mixed):
        net = len(await compound.said(OVER)) - len(await compound.said(BACK))
        assert net == sum(standing for *_, standing in await state(compound))


async def state(compound: Compound) -> list[tuple[Any, ...]]:
    """What the stays of a compound have come to, whatever their ids."""
    rows = await compound.parking.service.context.database.system.fetch(
        """
        SELECT plate, state, begins_at, exited_at, stays.due_at, judge_at,
               stay_id IS NOT NULL AND retracted_at IS NULL AS standing
        FROM stays LEFT JOIN (SELECT stay_id, retracted_at FROM overstays) said ON stay_id = id
        WHERE compound_id = $1 ORDER BY plate, begins_at, state
        """,
        compound.id,
    )
    return [tuple(row) for row in rows]


async def test_without_lanes_business_time_judges(parking: Parking) -> None:
    compound = await make_compound(parking)
    await compound.deliver("in", compound.read(0))
    async with compound.client() as client:
        for gate in compound.gates.values():
            assert (await client.post(f"/devices/{gate.id}/retire")).status_code == 200
        shown = (await client.get(f"/compounds/{compound.id}/occupancy")).json()
    assert (shown["state"], shown["cars"]) == ("unknown", None)
    await compound.settled()
    assert len(await compound.said(OVER)) == 1


async def test_two_communities_never_see_each_other(parking: Parking) -> None:
    ours, theirs = await make_compound(parking), await make_compound(parking, THERE)
    for compound in (ours, theirs):
        await compound.deliver("in", compound.read(0))
        await beat(compound, 200)
        assert len(await compound.said(OVER)) == 1
    async with ours.client() as client:
        grant = {"compound": str(ours.id), "plate": "浙B54321"}
        granted = (await client.post("/passes", json=grant)).json()
        stay = (await client.get("/stays")).json()["items"][0]["id"]
        devices = (await client.get("/devices")).json()["items"]
        assert {each["compound"] for each in devices} == {str(ours.id)}
        stranger = {"compound": str(theirs.id), "plate": "浙B54321"}
        assert (await client.post("/passes", json=stranger)).status_code == 422
        gate = {"compound": str(theirs.id), "lane": "mine", "role": "entry"}
        assert (await client.post("/devices", json=gate)).status_code == 422
        assert (await client.post(f"/compounds/{theirs.id}/rules", json={})).status_code == 422
        assert (await client.post(f"/devices/{theirs.gates['in'].id}/keys")).status_code == 404
    async with theirs.client() as client:
        paths = (f"/stays/{stay}", f"/compounds/{ours.id}", f"/compounds/{ours.id}/occupancy")
        more = (f"/compounds/{ours.id}/rules", f"/passes/{granted['id']}", f"/devices/{ours.gates['in'].id}")
        for path in (*paths, *more):
            assert (await client.get(path)).status_code == 404, path
        for path in ("/stays", "/overstays", "/compounds", "/devices"):
            found = (await client.get(path)).json()["items"]
            assert len(found) == (2 if path == "/devices" else 1), path
            assert str(ours.id) not in str(found)
        assert (await client.get("/passes")).json()["items"] == []
        assert (await client.get("/stays", params={"compound": str(ours.id)})).json()["items"] == []


async def test_the_database_itself_keeps_communities_apart(compound: Compound) -> None:
    await compound.deliver("in", compound.read(0))
    await beat(compound, 200)
    works = compound.parking.service.context.works
    tables = ("compounds", "devices", "reads", "stays", "limit_rules", "passes", "overstays", "rechecks")
    async with works.for_request("zhao", THERE) as work:
        for table in tables:
            assert await work.connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        assert await work.connection.fetchval("SELECT count(id) FROM device_keys") == 0
    async with works.for_request("wang", HERE) as work:
        columns = "SELECT has_column_privilege('linli_request', 'device_keys', 'secret', 'SELECT')"
        assert await work.connection.fetchval(columns) is False


@pytest.mark.parametrize("role", ["resident", "volunteer"])
async def test_a_gate_history_is_not_for_everybody(compound: Compound, role: str) -> None:
    async with compound.client(role) as client:
        for path in ("/stays", "/overstays", "/passes", "/devices", f"/compounds/{compound.id}/occupancy"):
            assert (await client.get(path)).status_code == 403, path


async def test_settings_change_by_version(compound: Compound) -> None:
    async with compound.client() as client:
        found = await client.get(f"/compounds/{compound.id}")
        body = {"spaces": 40, "lateness_seconds": 3600}
        etag = {"If-Match": found.headers["ETag"]}
        changed = await client.put(f"/compounds/{compound.id}", json=body, headers=etag)
        assert (changed.status_code, changed.json()["spaces"]) == (200, 40)
        stale = await client.put(f"/compounds/{compound.id}", json=body, headers=etag)
        assert stale.status_code == 412
        assert (await client.put(f"/compounds/{compound.id}", json=body)).status_code == 428
        rules = (await client.get(f"/compounds/{compound.id}/rules")).json()["items"]
    assert [rule["free_minutes"] for rule in rules] == [60]
