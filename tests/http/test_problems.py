"""Every error is a problem document that says enough to its reader and nothing to an attacker."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from shared.http.application import UnguardedRouteError, build_application
from shared.http.routing import MissingPolicyError, router
from tests.http.conftest import Person

pytestmark = pytest.mark.anyio


def problem(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == response.status_code
    assert document["type"].startswith("urn:linli:problem:")
    assert document["trace_id"] == response.headers["linli-trace-id"]
    assert document["instance"] == response.url.path
    return document


BAD_BODIES = [
    (b"{", 400, "malformed", None),
    (b"", 422, "invalid", ""),
    (b"\xff\xfe", 400, "malformed", None),
    (b'{"body": "a"} trailing', 400, "malformed", None),
    (b"[" * 20_000, 400, "malformed", None),
    (b"[]", 422, "invalid", ""),
    (b"null", 422, "invalid", ""),
    (b'"text"', 422, "invalid", ""),
    (b"{}", 422, "invalid", "/body"),
    (b'{"body": 3}', 422, "invalid", "/body"),
    (b'{"body": ""}', 422, "invalid", "/body"),
    (b'{"body": "\\ud800"}', None, None, None),
    (b'{"body": "a\\u0000b"}', 422, "invalid", None),
    (b'{"body": "a", "stars": 6}', 422, "invalid", "/stars"),
    (b'{"body": "a", "stars": 1e400}', 422, "invalid", "/stars"),
    (b'{"body": "a", "stars": "many"}', 422, "invalid", "/stars"),
    (b'{"body": "a", "tags": ["x", 7]}', 422, "invalid", "/tags/1"),
    (b'{"body": "a", "place": "here"}', 422, "invalid", "/place"),
    (b'{"body": "a", "a/b~": 1}', 422, "invalid", "/a~1b~0"),
]


@pytest.mark.parametrize("path", ["/notes/plain", "/notes/hot"])
@pytest.mark.parametrize(("body", "status", "slug", "pointer"), BAD_BODIES)
async def test_bad_bodies_are_told_and_leave_nothing(  # noqa: PLR0917
    client: httpx.AsyncClient,
    resident: Person,
    system: Any,
    community: Any,
    path: str,
    body: bytes,
    status: int | None,
    slug: str | None,
    pointer: str | None,
) -> None:
    headers = {**resident.headers, "Content-Type": "application/json", "Idempotency-Key": "k"}
    response = await client.post(path, content=body, headers=headers)
    document = problem(response)
    if status is None:  # the two parsers disagree on a lone surrogate: not JSON, or no valid text
        assert response.status_code in {400, 422}
    else:
        assert (response.status_code, document["type"]) == (status, f"urn:linli:problem:{slug}")
    if pointer is not None:
        assert pointer in [error["pointer"] for error in document["errors"]]
        assert all(error["place"] == "body" and error["message"] for error in document["errors"])
    assert await system.fetchval("SELECT count(*) FROM notes WHERE community_id = $1", community) == 0
    assert (
        await system.fetchval("SELECT count(*) FROM idempotency_keys WHERE community_id = $1", community) == 0
    )


@pytest.mark.parametrize("path", ["/notes/plain", "/notes/hot"])
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", None])
async def test_other_media_types_are_refused(
    client: httpx.AsyncClient, resident: Person, path: str, kind: str | None
) -> None:
    headers = resident.headers | ({"Content-Type": kind} if kind else {})
    response = await client.post(path, content=b'{"body": "a"}', headers=headers)
    assert problem(response)["type"] == "urn:linli:problem:unsupported-media-type"
    assert response.status_code == 415


async def test_compressed_bodies_are_refused(client: httpx.AsyncClient, resident: Person) -> None:
    headers = {**resident.headers, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await client.post("/notes/hot", content=b"\x1f\x8b", headers=headers)).status_code == 415


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/nothing/here")
    assert problem(unknown)["type"] == "urn:linli:problem:not-found"
    slashed = await client.get("/notes/")
    assert slashed.status_code == 404, "no redirect: a POST would lose its body on the way"
    wrong = await client.delete("/notes")
    assert problem(wrong)["type"] == "urn:linli:problem:method-not-allowed"
    assert wrong.headers["allow"] == "GET, POST"


async def test_wrong_parameters_name_their_place(client: httpx.AsyncClient, resident: Person) -> None:
    query = problem(await client.get("/notes?limit=101", headers=resident.headers))
    assert [(each["place"], each["field"]) for each in query["errors"]] == [("query", "limit")]
    path = problem(await client.get("/notes/not-a-uuid", headers=resident.headers))
    assert [(each["place"], each["field"]) for each in path["errors"]] == [("path", "note_id")]


async def test_what_nobody_foresaw_tells_nothing(client: httpx.AsyncClient) -> None:
    response = await client.get("/broken")
    assert response.status_code == 500
    assert set(problem(response)) == {"type", "title", "status", "instance", "trace_id"}
    assert "secret" not in response.text


async def test_errors_of_the_domain_are_answered_by_the_services_table(
    client: httpx.AsyncClient, resident: Person
) -> None:
    response = await client.post("/notes", json={"body": "sealed"}, headers=resident.headers)
    assert response.status_code == 409
    document = problem(response)
    assert document["type"] == "urn:linli:problem:note-sealed"
    assert document["detail"] == "nobody writes on a sealed note"


async def test_rules_name_the_field_like_schemas_do(client: httpx.AsyncClient) -> None:
    (error,) = problem(await client.get("/rule"))["errors"]
    assert error["pointer"] == "/items/0/a~1b"


async def test_the_callers_trace_is_kept(client: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    response = await client.get("/nothing", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert problem(response)["trace_id"] == trace
    broken = await client.get("/nothing", headers={"traceparent": "00-nonsense"})
    assert len(problem(broken)["trace_id"]) == 32


def test_a_route_without_a_policy_cannot_be_made() -> None:
    routes = router("/x", "x")
    with pytest.raises(MissingPolicyError, match="does not say who may use it"):

        @routes.get("/y")
        async def open_to_all() -> None: ...


async def test_a_router_made_otherwise_is_refused(app: FastAPI) -> None:
    other = APIRouter()

    @other.get("/z")
    async def unguarded() -> None: ...

    with pytest.raises(UnguardedRouteError, match="/z"):
        build_application(
            title="x", routers=[other], errors={}, works=app.state.works, verifier=app.state.verifier
        )
