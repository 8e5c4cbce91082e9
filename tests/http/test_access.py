"""The chain from token to endpoint, and that nothing of a stranger's body is read."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from shared.security.signatures import sign
from tests.fixtures.identity import Issuer
from tests.http.conftest import Person

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic d2FuZzp3YW5n", "Bearer nonsense", "bearer a.b.c", "Bearer \xff"],
)
async def test_no_token_no_entry(client: httpx.AsyncClient, authorization: str | None) -> None:
    headers = [] if authorization is None else [(b"Authorization", authorization.encode("latin-1"))]
    response = await client.get("/notes", headers=headers)
    assert response.status_code == 401
    assert response.json()["type"] == "urn:linli:problem:unauthenticated"
    assert response.headers["www-authenticate"].startswith('Bearer realm="linli"')


@pytest.mark.parametrize("changed", [{"lifetime": -60}, {"audience": "shop"}, {"iss": "https://elsewhere"}])
async def test_tokens_that_do_not_suit(
    client: httpx.AsyncClient, issuer: Issuer, community: UUID, changed: dict[str, object]
) -> None:
    token = issuer.token("wang", {community: ["resident"]}, **changed)  # type: ignore[arg-type]
    response = await client.get("/notes", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert "invalid_token" in response.headers["www-authenticate"]


async def test_the_scheme_is_written_as_one_likes(client: httpx.AsyncClient, resident: Person) -> None:
    headers = {"Authorization": resident.headers["Authorization"].replace("Bearer", "bEARER ")}
    assert (await client.get("/notes", headers=headers)).status_code == 200


async def test_communities_and_roles(client: httpx.AsyncClient, issuer: Issuer, community: UUID) -> None:
    async def status(verb: str, headers: dict[str, str], named: str | None = None) -> int:
        headers = headers | ({"Linli-Community": named} if named else {})
        body = {"body": "milk"} if verb == "POST" else None
        return (await client.request(verb, "/notes", json=body, headers=headers)).status_code

    resident = issuer.headers("wang", {community: ["resident"]})
    assert await status("GET", resident) == 200
    assert await status("GET", resident, str(community)) == 200
    assert await status("GET", resident, str(uuid4())) == 404
    assert await status("GET", resident, "not-a-uuid") == 400
    assert await status("POST", issuer.headers("li", {community: ["rider"]})) == 403
    assert await status("GET", issuer.headers("li", {})) == 400
    assert await status("GET", issuer.headers("li", {}), str(community)) == 404
    both = issuer.headers("zhao", {community: ["street"], uuid4(): ["street"]})
    assert await status("GET", both) == 400
    assert await status("GET", both, str(community)) == 200
    assert await status("POST", both, str(community)) == 403


async def test_another_communitys_note_is_not_there(
    client: httpx.AsyncClient, issuer: Issuer, resident: Person
) -> None:
    address = (await client.post("/notes", json={"body": "milk"}, headers=resident.headers)).headers[
        "location"
    ]
    stranger = issuer.headers("li", {uuid4(): ["resident"]})
    assert (await client.get(address, headers=stranger)).status_code == 404
    put = await client.put(address, json={"body": "mine"}, headers=stranger | {"If-Match": '"1"'})
    assert put.status_code == 404
    assert (await client.get(address, headers=resident.headers)).json()["body"] == "milk"


async def test_the_platform(client: httpx.AsyncClient, issuer: Issuer, resident: Person) -> None:
    platform = issuer.headers("root", platform=True)
    answer = await client.post("/communities/heyuan", headers=platform)
    assert answer.json() == {"name": "heyuan", "person": "root"}
    assert (await client.post("/communities/heyuan", headers=resident.headers)).status_code == 403
    assert (await client.get("/notes", headers=platform)).status_code == 400
    named = platform | {"Linli-Community": str(uuid4())}
    assert (await client.get("/notes", headers=named)).status_code == 404
    assert (await client.get("/street", headers=named)).json() == {"roles": ["platform"]}


async def test_a_dependency_knows_the_caller(client: httpx.AsyncClient, resident: Person) -> None:
    answer = await client.get("/nested/7", headers=resident.headers)
    assert answer.json() == {"number": 7, "person": "wang"}


async def test_devices_sign(client: httpx.AsyncClient) -> None:
    body = b'{"reads": []}'
    good = await client.post("/reads", content=body, headers=sign(body, key_id="lane-1", secret="first"))
    assert (good.status_code, good.text) == (200, "lane-1")
    bad = await client.post("/reads", content=body, headers=sign(b"x", key_id="lane-1", secret="first"))
    assert bad.status_code == 401


async def test_a_strangers_body_is_not_read(app: FastAPI) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1000

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notes") as client:
        response = await client.post(
            "/notes", content=endless(), headers={"Content-Type": "application/json"}
        )
    assert response.status_code == 401
    assert read == 0


async def test_health_and_numbers(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).status_code == 204
    assert (await client.get("/health/ready")).status_code == 204
    await client.get("/nothing")
    numbers = (await client.get("/metrics")).text
    assert 'linli_http_requests_total{method="GET",route="(none)",status="404"}' in numbers
    assert 'linli_http_request_seconds_count{method="GET",route="/health/live"}' in numbers
