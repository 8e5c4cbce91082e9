"""Volunteers through the API, on the real database and broker."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import TopicReader
from tests.volunteer.conftest import THERE, Volunteering

pytestmark = pytest.mark.anyio

RIDER = {"kind": "rider", "consent": True, "consent_text": "2026-01"}


async def sign_up(client: httpx.AsyncClient, key: str | None = None, **body: object) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/volunteers", json=RIDER | body, headers=headers)


async def test_a_rider_signs_up_and_reads_the_entry(volunteering: Volunteering) -> None:
    async with volunteering.client("rider-7", "rider") as client:
        made = await sign_up(client)
        assert made.status_code == 201, made.text
        assert (made.json()["person"], made.json()["kind"], made.json()["state"]) == (
            "rider-7",
            "rider",
            "applied",
        )
        read = await client.get(made.headers["Location"])
        assert read.json() == made.json()


async def test_every_change_is_told_in_order(
    volunteering: Volunteering, kafka_settings: KafkaSettings
) -> None:
    async with (
        volunteering.client("rider-7", "rider") as rider,
        volunteering.client("zhang", "steward") as steward,
    ):
        entry = (await sign_up(rider)).headers["Location"]
        for step in ("vet", "suspend", "resume"):
            assert (await steward.post(f"{entry}/{step}")).status_code == 200, step
        assert (await rider.post(f"{entry}/leave")).json()["state"] == "left"
    with TopicReader(kafka_settings) as read_topic:
        records = await asyncio.to_thread(read_topic, "linli.volunteer", 5)
    facts = [json.loads(record.value() or b"") for record in records]
    assert [fact["state"] for fact in facts] == ["applied", "active", "suspended", "active", "left"]
    assert {(fact["person"], fact["kind"]) for fact in facts} == {("rider-7", "rider")}
    sequences = [dict(record.headers() or [])["ce_sequence"] for record in records]
    assert [int(sequence) for sequence in sequences] == [1, 2, 3, 4, 5]


async def test_a_step_the_state_does_not_permit_is_a_conflict(volunteering: Volunteering) -> None:
    async with volunteering.client("zhang", "steward") as steward:
        entry = (await sign_up(steward)).headers["Location"]
        for own in ("vet", "resume"):
            assert (await steward.post(f"{entry}/{own}")).status_code == 403  # somebody else does
    async with volunteering.client("zhao", "steward") as steward:
        refused = await steward.post(f"{entry}/resume")
        assert refused.status_code == 409
        assert refused.json()["type"].endswith("wrong-state")
        assert (await steward.get(entry)).json()["state"] == "applied"


async def test_one_of_many_at_once_vets(volunteering: Volunteering) -> None:
    async with volunteering.client("zhang", "steward") as steward:
        entry = (await sign_up(steward)).headers["Location"]
    async with volunteering.client("zhao", "steward") as steward:
        answers = await asyncio.gather(*(steward.post(f"{entry}/vet") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


async def test_signing_up_twice_is_a_conflict_and_a_retry_is_not(volunteering: Volunteering) -> None:
    async with volunteering.client("rider-7", "rider") as client:
        first = await sign_up(client, "k-1")
        assert (await sign_up(client, "k-1")).json() == first.json()
        assert (await sign_up(client)).status_code == 409
        assert (await sign_up(client, kind="resident")).status_code == 201
        await client.post(f"{first.headers['Location']}/leave")
        assert (await sign_up(client)).status_code == 201


async def test_without_consent_nothing_is_stored(volunteering: Volunteering) -> None:
    async with volunteering.client("rider-7", "rider", "operator") as client:
        refused = await sign_up(client, consent=False)
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("consent-missing")
        assert (await client.get("/volunteers")).json()["items"] == []


async def test_only_staff_see_and_enter_others(volunteering: Volunteering) -> None:
    async with (
        volunteering.client("rider-7", "rider") as rider,
        volunteering.client("li", "resident") as neighbour,
        volunteering.client("zhang", "steward") as steward,
    ):
        entry = (await sign_up(rider)).headers["Location"]
        assert (await neighbour.get(entry)).status_code == 404
        assert (await neighbour.post(f"{entry}/leave")).status_code == 404
        assert (await neighbour.post(f"{entry}/vet")).status_code == 403
        assert (await neighbour.get("/volunteers")).status_code == 403
        assert (await sign_up(neighbour, person="rider-7")).status_code == 403
        assert (await steward.get(entry)).status_code == 200
        assert (await sign_up(steward, person="grandmother-li", kind="resident")).status_code == 201


async def test_a_list_is_filtered_and_paged(volunteering: Volunteering) -> None:
    async with volunteering.client("zhang", "steward") as steward:
        made = [(await sign_up(steward, person=f"rider-{n}")).json()["id"] for n in range(3)]
        await sign_up(steward, person="li", kind="resident")
        await steward.post(f"/volunteers/{made[0]}/vet")
        riders = (await steward.get("/volunteers", params={"kind": "rider", "limit": "2"})).json()
        rest = (
            await steward.get("/volunteers", params={"kind": "rider", "limit": "2", "cursor": riders["next"]})
        ).json()
        active = (await steward.get("/volunteers", params={"state": "active"})).json()
    assert [each["id"] for each in [*riders["items"], *rest["items"]]] == made[::-1]
    assert rest["next"] is None
    assert [each["id"] for each in active["items"]] == made[:1]


async def test_two_communities_never_see_each_other(volunteering: Volunteering) -> None:
    async with (
        volunteering.client("zhang", "steward") as here,
        volunteering.client("zhao", "operator", community=THERE) as there,
    ):
        entry = (await sign_up(here, person="rider-7")).headers["Location"]
        assert (await there.get(entry)).status_code == 404
        assert (await there.post(f"{entry}/vet")).status_code == 404
        assert (await there.get("/volunteers")).json()["items"] == []
        assert (await sign_up(there, person="rider-7")).status_code == 201
    async with volunteering.service.context.works.for_request("zhao", THERE) as work:
        assert await work.connection.fetchval("SELECT count(*) FROM volunteers") == 1


@pytest.mark.parametrize(
    "body",
    [{"kind": "pirate"}, {"consent": "yes please"}, {"consent_text": ""}, {"person": "Li Na"}, {"age": 76}],
)
async def test_a_wrong_body_is_refused_with_a_problem(
    volunteering: Volunteering, body: dict[str, Any]
) -> None:
    async with volunteering.client("zhang", "steward") as steward:
        refused = await sign_up(steward, **body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
