"""Vehicles through the API, on the real database and broker."""

import asyncio
import json
from uuid import UUID

import httpx
import pytest

from shared.identifiers import new_id
from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import TopicReader
from tests.parking.conftest import HERE, THERE, Parking, household_ended, household_registered

pytestmark = pytest.mark.anyio


async def register(
    client: httpx.AsyncClient, household: UUID, plate: str, key: str | None = None
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"household": str(household), "plate": plate}
    return await client.post("/vehicles", json=body, headers=headers)


async def test_a_vehicle_is_registered_read_and_listed(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        made = await register(client, household, "浙l·d12345")
        assert made.status_code == 201, made.text
        assert made.json()["plate"] == "浙LD12345"
        assert (made.json()["plate_kind"], made.json()["index"]) == ("new-energy", 1)
        read = await client.get(made.headers["Location"])
        assert read.json() == made.json()
        assert read.headers["ETag"] == made.headers["ETag"]
        listed = await client.get("/vehicles", params={"plate": "浙L D12345"})
        assert listed.json() == {"items": [made.json()], "next": None}


async def test_the_event_carries_a_masked_plate_and_the_request_s_trace(
    parking: Parking, household: UUID, kafka_settings: KafkaSettings
) -> None:
    async with parking.client() as client:
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        client.headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
        made = (await register(client, household, "浙L12123")).json()
    with TopicReader(kafka_settings) as read_topic:
        (record,) = await asyncio.to_thread(read_topic, "linli.parking", 1)
    key, value = record.key(), record.value()
    assert key is not None
    assert value is not None
    headers = {name: text.decode() for name, text in record.headers() or []}
    assert headers["ce_type"] == "linli.parking.vehicle-registered.v1"
    assert headers["ce_traceparent"].split("-")[1] == trace
    assert key.decode() == made["id"] == headers["ce_subject"]
    fact = json.loads(value)
    assert (fact["masked_plate"], fact["household"], fact["index"]) == ("浙L·**123", str(household), 1)
    assert "浙L12123" not in value.decode()


async def test_the_same_key_registers_once(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        first = await register(client, household, "浙L10001", "k-1")
        again = await register(client, household, "浙L10001", "k-1")
        other = await register(client, household, "浙L10002", "k-1")
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert other.json()["type"].endswith("key-reused")


async def test_an_unknown_household_is_refused_and_nothing_is_told(parking: Parking) -> None:
    async with parking.client() as client:
        refused = await register(client, new_id(), "浙L10001")
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("unknown-household")
        assert (await client.get("/vehicles")).json()["items"] == []
    assert await parking.service.context.database.system.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_household_that_moved_out_is_refused(parking: Parking, household: UUID) -> None:
    await parking.tell(household_ended(household, 2), household_registered(household, 1))
    async with parking.client() as client:
        refused = await register(client, household, "浙L10001")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("ended-household")


async def test_one_plate_stands_for_one_vehicle_however_written(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        assert (await register(client, household, "浙L·10001")).status_code == 201
        taken = await register(client, household, "浙L 10001")
    assert taken.status_code == 409
    assert taken.json()["type"].endswith("plate-taken")
    assert "10001" not in taken.text


async def test_vehicles_registered_at_once_get_different_indexes(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        answers = await asyncio.gather(*(register(client, household, f"浙L2000{n}") for n in range(5)))
    assert [answer.status_code for answer in answers] == [201] * 5
    assert sorted(answer.json()["index"] for answer in answers) == [1, 2, 3, 4, 5]


async def test_a_list_is_paged_without_gaps_or_repeats(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        made = [(await register(client, household, f"浙L3000{n}")).json()["id"] for n in range(5)]
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await client.get("/vehicles", params={"limit": "2", **cursor})).json()
            seen += [vehicle["id"] for vehicle in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
    assert seen == made[::-1]


async def test_two_communities_never_see_each_other(parking: Parking, household: UUID) -> None:
    async with parking.client() as here, parking.client("zhao", THERE) as there:
        made = (await register(here, household, "浙L10001")).json()
        assert (await there.get(f"/vehicles/{made['id']}")).status_code == 404
        assert (await there.get("/vehicles", params={"plate": "浙L10001"})).json()["items"] == []
        # Their neighbour's household is unknown to them, and the same plate is theirs to register.
        assert (await register(there, household, "浙L10002")).status_code == 422
        theirs = new_id()
        await parking.tell(household_registered(theirs, community=THERE))
        assert (await register(there, theirs, "浙L10001")).status_code == 201
        assert [item["id"] for item in (await here.get("/vehicles")).json()["items"]] == [made["id"]]


async def test_the_database_itself_keeps_communities_apart(parking: Parking, household: UUID) -> None:
    async with parking.client() as client:
        await register(client, household, "浙L10001")
    async with parking.service.context.works.for_request("zhao", THERE) as work:
        for table in ("vehicles", "households", "idempotency_keys"):
            assert await work.connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table


@pytest.mark.parametrize(
    ("roles", "status"), [(("guard",), 403), (("resident",), 403), (("operator",), 201), (("property",), 201)]
)
async def test_who_may_register(
    parking: Parking, household: UUID, roles: tuple[str, ...], status: int
) -> None:
    async with parking.client("wang", HERE, *roles) as client:
        assert (await register(client, household, "浙L10001")).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {"plate": "浙L10001"},
        {"household": "me", "plate": "浙L10001"},
        {"household": "019f1c3e-6c1d-7a10-8000-0000000000a1", "plate": "··"},
        {"household": "019f1c3e-6c1d-7a10-8000-0000000000a1", "plate": "浙" * 33},
        {"household": "019f1c3e-6c1d-7a10-8000-0000000000a1", "plate": "浙L10001", "colour": "red"},
        {"household": "019f1c3e-6c1d-7a10-8000-0000000000a1", "plate": "浙L1", "valid_from": "2026-01-01"},
    ],
)
async def test_a_wrong_body_is_refused_with_a_problem(parking: Parking, body: dict[str, str]) -> None:
    async with parking.client() as client:
        refused = await client.post("/vehicles", json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
