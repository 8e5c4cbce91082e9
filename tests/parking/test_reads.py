"""Signed deliveries: stored once, answered after the commit, and eighteen kinds of bad ones refused whole."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from shared.runtime.running import Activity
from shared.security.signatures import KEY_ID, SIGNATURE, SIGNED_AT, sign
from tests.fixtures.identity import Issuer
from tests.fixtures.services import MakeSettings
from tests.parking.conftest import Parking, parking_at_work
from tests.parking.gates import Compound, make_compound

pytestmark = pytest.mark.anyio


@pytest.fixture
async def parking(service_settings: MakeSettings, issuer: Issuer) -> AsyncIterator[Parking]:
    """Its API alone, so that the outbox keeps what was said."""
    async with parking_at_work(service_settings, issuer, Activity.api) as at_work:
        yield at_work


@pytest.fixture
async def compound(parking: Parking) -> Compound:
    return await make_compound(parking)


async def stored(compound: Compound) -> int:
    count: int = await compound.parking.service.context.database.system.fetchval("SELECT count(*) FROM reads")
    return count


async def test_a_delivery_is_stored_once_however_often_it_comes(compound: Compound) -> None:
    reads = [compound.read(0), compound.read(1, "浙L·d12345"), compound.read(2, "K-ABC 123")]
    first = await compound.deliver("in", *reads)
    again = await compound.deliver("in", *reads, compound.read(3, "浙B54321"))
    assert (first.status_code, first.json()) == (200, {"stored": 3, "repeated": 0}), first.text
    assert again.json() == {"stored": 1, "repeated": 3}
    row = await compound.parking.service.context.database.system.fetchrow(
        "SELECT * FROM reads WHERE plate_kind = 'unknown'"
    )
    assert row is not None
    assert (row["plate_given"], row["plate"]) == ("K-ABC 123", "KABC123")
    assert len(await compound.said("vehicle-entered")) == 4
    assert "12345" not in str(await compound.said())


async def test_both_keys_sign_while_one_replaces_the_other(compound: Compound) -> None:
    gate = compound.gates["in"]
    async with compound.client() as client:
        for number in range(2):
            path, once = f"/devices/{gate.id}/keys", {"idempotency-key": f"key-{number}"}
            made = (await client.post(path, headers=once)).json()
            gate.keys.append((made["id"], made["secret"]))
            assert (await client.post(path, headers=once)).json() == {"id": made["id"], "secret": None}
        lane, once = (
            {"compound": str(compound.id), "lane": "back", "role": "entry"},
            {"idempotency-key": "back"},
        )
        made = (await client.post("/devices", json=lane, headers=once)).json()
        again = (await client.post("/devices", json=lane, headers=once)).json()
        assert again == made | {"key": {"id": made["key"]["id"], "secret": None}}
    shown = [made["key"]["secret"], *(secret for _, secret in gate.keys)]
    async with compound.parking.service.context.works.for_request("wang", compound.community) as work:
        kept = await work.connection.fetch("SELECT convert_from(body, 'UTF8') FROM idempotency_keys")
        assert len(kept) == 3
        assert not any(secret in body for secret in shown for (body,) in kept)
    answers = []
    for number, (key, secret) in enumerate(gate.keys):
        body = orjson.dumps(
            {"sent_at": datetime.now(UTC).isoformat(), "reads": [compound.read(number, name=str(number))]}
        )
        answers.append((await compound.send("in", body, key_id=key, secret=secret)).status_code)
    assert answers == [401, 200, 200]


async def test_a_retired_device_is_not_heard_and_holds_nothing_up(compound: Compound) -> None:
    async with compound.client() as client:
        retired = await client.post(f"/devices/{compound.gates['in'].id}/retire")
    assert retired.status_code == 200
    assert (await compound.deliver("in", compound.read(0))).status_code == 401


async def test_a_device_far_from_our_time_is_corrected_by_its_sending(compound: Compound) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=3)
    late = {**compound.read(0), "captured_at": (ahead - timedelta(hours=2)).isoformat()}
    future = {**compound.read(1), "captured_at": (ahead + timedelta(days=3)).isoformat()}
    assert (await compound.deliver("in", late, future, sent_at=ahead.isoformat())).status_code == 200
    rows = await compound.parking.service.context.database.system.fetch("SELECT * FROM reads ORDER BY at")
    ages = [(datetime.now(UTC) - row["at"]).total_seconds() for row in rows]
    assert 7200 <= ages[0] <= 7260
    assert 0 <= ages[1] <= 60
    assert [row["clamped"] for row in rows] == [False, True]


async def test_what_is_sent_again_later_is_of_the_time_it_was(compound: Compound) -> None:
    """By a gate without network for three minutes, or by somebody who has listened."""
    system, gate = compound.parking.service.context.database.system, compound.gates["in"].id
    clock = "SELECT delivered_up_to, advanced_at, clock_lately, clock_before FROM devices WHERE id = $1"
    signed_at = datetime.now(UTC) - timedelta(minutes=3)
    read = compound.read(0) | {"captured_at": (signed_at - timedelta(seconds=20)).isoformat()}
    stated = {"sent_at": signed_at.isoformat(), "delivered_up_to": signed_at.isoformat()}
    first = orjson.dumps({**stated, "reads": [read]})
    assert (await compound.send("in", first, at=signed_at)).json()["stored"] == 1
    row = await system.fetchrow("SELECT at, captured_at FROM reads")
    assert row is not None
    assert row["at"] == row["captured_at"] == signed_at - timedelta(seconds=20)
    before = await system.fetchrow(clock, gate)
    assert before is not None
    assert before["delivered_up_to"] == signed_at
    for body in (first, orjson.dumps({**stated, "reads": []})):
        assert (await compound.send("in", body, at=signed_at)).status_code == 200
    assert await system.fetchrow(clock, gate) == before


NOW = datetime.now(UTC).isoformat()
READ: dict[str, Any] = {"id": "1", "captured_at": NOW, "plate": "浙B12345"}
GOOD: dict[str, Any] = {"sent_at": NOW, "reads": [READ]}


def body(**change: Any) -> Callable[[Compound], bytes]:
    return lambda _: orjson.dumps({key: value for key, value in (GOOD | change).items() if value != "gone"})


def with_read(**change: Any) -> Callable[[Compound], bytes]:
    return body(reads=[{"id": "0", "captured_at": NOW, "plate": "浙B1"}, READ | change])


good = body()
LONG = "9" * 65
BAD: dict[str, tuple[int, Callable[[Compound], bytes], dict[str, str], dict[str, Any]]] = {
    "no signature": (401, good, {SIGNATURE: ""}, {}),
    "an unknown key": (401, good, {}, {"key_id": "gate-nobody"}),
    "a key id that is none": (401, good, {KEY_ID: "x" * 500}, {}),
    "a wrong secret": (401, good, {}, {"secret": "guessed"}),
    "signed six minutes ago": (401, good, {}, {"at": timedelta(minutes=-6)}),
    "signed in six minutes": (401, good, {}, {"at": timedelta(minutes=6)}),
    "signed at another time than said": (401, good, {SIGNED_AT: NOW}, {}),
    "not JSON": (400, lambda _: b"plate=A1", {}, {}),
    "another media type": (415, good, {"content-type": "text/plain"}, {}),
    "compressed": (415, good, {"content-encoding": "gzip"}, {}),
    "nothing": (422, lambda _: b"", {}, {}),
    "too large": (413, lambda _: b" " * 1_100_000, {}, {}),
    "no sent_at": (422, body(sent_at="gone"), {}, {}),
    "a time without a zone": (422, with_read(captured_at="2026-03-02T08:00:00"), {}, {}),
    "a time before all devices": (422, with_read(captured_at="1970-01-01T00:00:00Z"), {}, {}),
    "a delivered-up-to that is no time": (422, body(delivered_up_to="now"), {}, {}),
    "too many reads": (422, body(reads=[READ | {"id": str(n)} for n in range(1001)]), {}, {}),
    "one id for two reads": (422, with_read(id="0"), {}, {}),
    "an id too long": (422, with_read(id=LONG), {}, {}),
    "a plate that is no text": (422, with_read(plate=None), {}, {}),
    "a plate with a zero byte": (422, with_read(plate="浙B\x0012345"), {}, {}),
    "a plate too long": (422, with_read(plate="浙B" + "1" * 20), {}, {}),
    "a confidence of two": (422, with_read(confidence=2), {}, {}),
    "a field nobody knows": (422, body(open="yes"), {}, {}),
}


async def test_a_bad_delivery_is_refused_whole_and_opens_nothing(compound: Compound) -> None:
    for what, (status, make, headers, changed) in BAD.items():
        signing = {**changed, "at": datetime.now(UTC) + changed.get("at", timedelta(0))}
        answer = await compound.send("in", make(compound), headers, **signing)
        assert answer.status_code == status, f"{what}: {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json", what
        assert answer.json()["status"] == status
        assert "ok" not in answer.text.lower().split(), what
    tampered = orjson.dumps(GOOD)
    key, secret = compound.gates["in"].keys[0]
    async with httpx.AsyncClient(base_url=compound.parking.service.url, trust_env=False) as client:
        signed = sign(tampered, key_id=key, secret=secret) | {"content-type": "application/json"}
        tampering = await client.post("/reads", content=tampered.replace(b"12345", b"54321"), headers=signed)
    assert tampering.status_code == 401
    assert await stored(compound) == 0
    assert await compound.said() == []


async def test_cars_without_a_plate_are_kept_and_taken_for_no_one_car(compound: Compound) -> None:
    plates = ("_无_", "", "·· ", "无牌车", "浙B12345")
    reads = [compound.read(0, plate, str(n)) for n, plate in enumerate(plates)]
    assert (await compound.deliver("in", *reads)).json() == {"stored": 5, "repeated": 0}
    assert len(await compound.said("vehicle-entered")) == 1
    kinds = await compound.parking.service.context.database.system.fetch(
        "SELECT plate_given, plate, plate_kind FROM reads ORDER BY id"
    )
    assert [tuple(row) for row in kinds[:4]] == [(plate, "无牌", "none") for plate in plates[:4]]


async def test_a_thousand_reads_are_taken_at_once(compound: Compound) -> None:
    reads = [compound.read(0, f"浙B{n:05d}", f"{n:0>64}") | {"confidence": 0.987654321} for n in range(1000)]
    answer = await compound.deliver("in", *reads)
    assert (answer.status_code, answer.json()) == (200, {"stored": 1000, "repeated": 0}), answer.text
    assert len(await compound.said("vehicle-entered")) == 1000
    # Of a patrol with the longest of everything, and a kind that the compound does not have.
    await compound.add_gate("eye", "patrol")
    longest = {
        "captured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}+00:00",
        "plate": "浙B" + "·" * 25 + "12345",
        "confidence": 0.9876543219876543,
        "kind": "k" * 64,
        "gone": False,
        "zone": "z" * 64,
        "evidence": [f"{n:0>100}" for n in range(4)],
    }
    answer = await compound.deliver("eye", *({"id": f"{n:0>64}"} | longest for n in range(1000)))
    assert (answer.status_code, answer.json()) == (200, {"stored": 1000, "repeated": 0}), answer.text
    assert await compound.said("violation-opened") == []


async def test_a_patrol_sees_and_begins_no_stay(compound: Compound) -> None:
    await compound.add_gate("round", "patrol")
    assert (await compound.deliver("round", compound.read(5))).json()["stored"] == 1
    assert await compound.said() == []
