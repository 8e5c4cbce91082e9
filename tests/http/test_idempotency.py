"""One key, one effect: retries, storms, rollbacks, and a COMMIT whose answer is lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.embedded.databases import DatabaseUrls
from shared.database.pool import Database
from shared.database.work import Works
from shared.errors import KeyReused, Malformed
from shared.http.idempotency import (
    IDEMPOTENCY_TABLE,
    KeyClaim,
    StoredAnswer,
    answers_before,
    claim_keys,
    fingerprint,
    forget_keys,
    read_key,
)
from shared.messaging import outbox
from shared.security.tokens import TokenVerifier
from tests.fixtures.identity import Issuer
from tests.fixtures.proxy import Proxy
from tests.fixtures.servers import Servers
from tests.http.conftest import FixedClock, Person
from tests.http.notes import build

pytestmark = pytest.mark.anyio


def keyed(person: Person, key: str) -> dict[str, str]:
    return {**person.headers, "Idempotency-Key": key}


async def stored(system: Any, community: UUID) -> tuple[int, int]:
    """How many notes and keys a community has."""
    row = await system.fetchrow(
        "SELECT (SELECT count(*) FROM notes WHERE community_id = $1), "
        "(SELECT count(*) FROM idempotency_keys WHERE community_id = $1)",
        community,
    )
    return row[0], row[1]


@pytest.mark.parametrize("path", ["/notes", "/notes/hot", "/notes/plain"])
async def test_a_retry_gets_the_first_answer(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID, path: str
) -> None:
    first = await client.post(path, json={"body": "milk"}, headers=keyed(resident, "k"))
    again = await client.post(path, json={"body": "milk"}, headers=keyed(resident, "k"))
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    for header in ("etag", "location", "content-type"):
        assert again.headers.get(header) == first.headers.get(header)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await stored(system, community) == (1, 1)


async def test_the_key_stands_for_one_request(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID
) -> None:
    headers = keyed(resident, "k")
    await client.post("/notes", json={"body": "milk"}, headers=headers)
    for path, body in (("/notes", "bread"), ("/notes/hot", "milk"), ("/notes?x=1", "milk")):
        response = await client.post(path, json={"body": body}, headers=headers)
        assert response.status_code == 422
        assert response.json()["type"] == "urn:linli:problem:key-reused"
    assert await stored(system, community) == (1, 1)


async def test_a_key_belongs_to_person_and_community(
    client: httpx.AsyncClient, issuer: Issuer, system: Any
) -> None:
    one, other = uuid4(), uuid4()
    both: dict[UUID | str, list[str]] = {one: ["resident"], other: ["resident"]}
    answers = set()
    for person, community in (("wang", one), ("li", one), ("wang", other)):
        headers = issuer.headers(person, both) | {"Linli-Community": str(community), "Idempotency-Key": "k"}
        answers.add((await client.post("/notes", json={"body": "milk"}, headers=headers)).json()["id"])
    assert len(answers) == 3
    assert (await stored(system, one), await stored(system, other)) == ((2, 2), (1, 1))


async def test_the_platform_has_keys_without_a_community(
    client: httpx.AsyncClient, issuer: Issuer, system: Any, community: UUID
) -> None:
    headers = issuer.headers("root", platform=True) | {"Idempotency-Key": str(community)}
    body = {"body": "first", "place": str(community)}
    first = await client.post("/defaults", json=body, headers=headers)
    again = await client.post("/defaults", json=body, headers=headers)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert await stored(system, community) == (1, 0), "the key's row is in no community"


async def test_without_a_key_each_request_is_its_own(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID
) -> None:
    for _ in range(2):
        await client.post("/notes", json={"body": "milk"}, headers=resident.headers)
    assert await stored(system, community) == (2, 0)


async def test_a_failed_use_case_leaves_no_key(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID
) -> None:
    failed = await client.post("/notes", json={"body": "sealed"}, headers=keyed(resident, "k"))
    assert failed.status_code == 409
    assert await stored(system, community) == (0, 0)
    mended = await client.post("/notes", json={"body": "open"}, headers=keyed(resident, "k"))
    assert mended.status_code == 201


@pytest.mark.parametrize("round_", range(3))
async def test_fifty_at_once_are_one(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID, round_: int
) -> None:
    path = ("/notes", "/notes/hot", "/notes/plain")[round_]
    post = client.post
    answers = await asyncio.gather(
        *(post(path, json={"body": "milk"}, headers=keyed(resident, "storm")) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await stored(system, community) == (1, 1)


async def test_many_keys_at_once_each_have_one_effect(
    client: httpx.AsyncClient, resident: Person, system: Any, community: UUID
) -> None:
    async def post(number: int) -> tuple[int, str]:
        body = {"body": f"note {number}"}
        answer = await client.post("/notes/hot", json=body, headers=keyed(resident, f"k{number}"))
        return number, answer.json()["id"]

    answers = await asyncio.gather(*(post(number % 10) for number in range(100)))
    assert len(set(answers)) == 10
    assert await stored(system, community) == (10, 10)


async def test_one_that_waits_too_long_is_told_so(
    client: httpx.AsyncClient, resident: Person, tables: DatabaseUrls, community: UUID
) -> None:
    """The first request of this key is under way in another process, and hangs."""
    other = await asyncpg.connect(tables.system_url)
    try:
        async with other.transaction():
            await other.execute(
                "INSERT INTO idempotency_keys (community_id, actor, key, fingerprint) "
                "VALUES ($1, 'wang', 'k', '')",
                community,
            )
            response = await client.post("/notes", json={"body": "milk"}, headers=keyed(resident, "k"))
    finally:
        await other.close()
    assert response.status_code == 409
    assert response.json()["type"] == "urn:linli:problem:in-progress"
    assert response.headers["retry-after"] == "1"


@asynccontextmanager
async def through(proxied: Proxy, tables: DatabaseUrls, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with Database.open(proxied.url(tables.url), proxied.url(tables.system_url)) as database:
        works = Works(database, FixedClock(), outbox, "/linli/notes")
        app = build(works, TokenVerifier(issuer.url, "linli"))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notes") as client:
            yield client


async def test_a_cut_after_commit_is_healed_by_the_same_key(
    servers: Servers,
    proxy: Callable[[str, int], Proxy],
    tables: DatabaseUrls,
    issuer: Issuer,
    resident: Person,
    system: Any,
    community: UUID,
) -> None:
    proxied = proxy(servers.postgres_host, servers.postgres_port)
    async with through(proxied, tables, issuer) as client:
        proxied.cut_when_answered(lambda answer: b"COMMIT" in answer)
        lost = await client.post("/notes", json={"body": "milk"}, headers=keyed(resident, "k"))
        assert lost.status_code == 503
        assert lost.json()["type"] == "urn:linli:problem:outcome-unknown"
        assert lost.headers["retry-after"] == "1"
        assert await stored(system, community) == (1, 1), "it was committed, only nobody knew"
        again = await client.post("/notes", json={"body": "milk"}, headers=keyed(resident, "k"))
        assert again.status_code == 201
        assert again.headers["idempotency-replayed"] == "true"
        assert await stored(system, community) == (1, 1)


async def test_a_database_that_is_away_is_a_503_and_comes_back(
    servers: Servers,
    proxy: Callable[[str, int], Proxy],
    tables: DatabaseUrls,
    issuer: Issuer,
    resident: Person,
) -> None:
    proxied = proxy(servers.postgres_host, servers.postgres_port)
    async with through(proxied, tables, issuer) as client:
        assert (await client.get("/notes", headers=resident.headers)).status_code == 200
        proxied.refuse()
        away = await client.post("/notes", json={"body": "milk"}, headers=keyed(resident, "k"))
        assert away.status_code == 503
        assert away.json()["type"] == "urn:linli:problem:database-away"
        assert int(away.headers["retry-after"]) >= 1
        assert "127.0.0.1" not in away.text
        proxied.restore()
        back = await client.post("/notes", json={"body": "milk"}, headers=keyed(resident, "k"))
        assert back.status_code == 201


def claims(community: UUID, keys: list[str], body: bytes = b"{}") -> list[KeyClaim]:
    print_ = fingerprint("POST", "/notes", body)
    return [
        KeyClaim(community, "wang", key, print_, 201, f'"{number}"'.encode())
        for number, key in enumerate(keys)
    ]


async def test_a_batch_takes_its_keys_together(works: Works, community: UUID) -> None:
    async with works.for_system("batch") as work:
        first = claims(community, ["b", "a", "b", "c"])
        known = await claim_keys(work.connection, first)
        assert known == {}
        before = answers_before(first, known)
        assert [
            None if answer is None else answer.body for answer in before if not isinstance(answer, KeyReused)
        ] == [
            None,
            None,
            b'"0"',
            None,
        ]
    async with works.for_system("batch") as work:
        second = claims(community, ["c", "d"]) + claims(community, ["a"], b"other")
        known = await claim_keys(work.connection, second)
        c, d, a = answers_before(second, known)
        assert isinstance(c, StoredAnswer)
        assert c.body == b'"3"'
        assert d is None
        assert isinstance(a, KeyReused)
    async with works.for_system("batch") as work:
        assert await claim_keys(work.connection, []) == {}


async def test_batches_with_common_keys_do_not_deadlock(works: Works, community: UUID) -> None:
    async def flush(keys: list[str]) -> int:
        async with works.for_system("batch") as work:
            taken = claims(community, keys)
            known = await claim_keys(work.connection, taken)
            await asyncio.sleep(0.01)
            return len(taken) - len(known)

    keys = [f"k{number}" for number in range(50)]
    new = await asyncio.gather(*(flush(keys if turn % 2 else keys[::-1]) for turn in range(8)))
    assert sum(new) == 50


async def test_old_keys_are_forgotten(works: Works, system: Any, community: UUID) -> None:
    async with works.for_system("batch") as work:
        await claim_keys(work.connection, claims(community, ["old", "new"]))
    await system.execute(
        "UPDATE idempotency_keys SET created_at = now() - interval '7 days 1 hour' "
        "WHERE community_id = $1 AND key = 'old'",
        community,
    )
    assert await forget_keys(works) == 1
    assert await forget_keys(works) == 0
    left = await system.fetch("SELECT key FROM idempotency_keys WHERE community_id = $1", community)
    assert [row[0] for row in left] == ["new"]


async def test_requests_cannot_see_other_communities_keys(works: Works, community: UUID) -> None:
    assert any("FORCE ROW LEVEL SECURITY" in statement for statement in IDEMPOTENCY_TABLE)
    async with works.for_system("batch") as work:
        await claim_keys(work.connection, claims(community, ["k"]))
    async with works.for_request("wang", uuid4()) as work:
        assert await work.connection.fetchval("SELECT count(*) FROM idempotency_keys") == 0


@pytest.mark.parametrize("header", [b"", b"  ", b'""', b"x" * 201, "钥".encode(), b"a\tb", b"a\x7fb"])
def test_bad_keys_are_told(header: bytes) -> None:
    with pytest.raises(Malformed):
        read_key(header)


@given(
    st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"'), min_size=1, max_size=198
    )
)
def test_keys_mean_the_same_quoted_or_not(key: str) -> None:
    assert read_key(key.encode()) == read_key(f'"{key}"'.encode()) == key
