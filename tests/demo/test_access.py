"""The demo repeats what had no answer, and says what to do when that does not help."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from deploy.demo import access as access_module
from deploy.demo.access import Access, Addresses
from deploy.demo.failures import DemoFailed

pytestmark = pytest.mark.anyio

COMMUNITY = UUID(int=5)
Handler = Callable[[httpx.Request], httpx.Response]


def access(handler: Handler) -> Access:
    client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    addresses = Addresses("http://identity", "http://issues", "http://notify", "http://phones")
    return Access(client, addresses, COMMUNITY)


def answering(*answers: httpx.Response | Exception, seen: list[httpx.Request]) -> Handler:
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "identity":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 600})
        seen.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handle


async def test_a_post_is_repeated_with_the_same_key_until_answered() -> None:
    seen: list[httpx.Request] = []
    away = answering(httpx.ConnectError("away"), httpx.Response(503), httpx.Response(201), seen=seen)
    answer = await access(away).send("rider-4", "POST", "http://issues/reports", key="k-1", json={})
    assert answer.status_code == 201
    assert [request.headers["idempotency-key"] for request in seen] == ["k-1"] * 3
    assert {request.headers["linli-community"] for request in seen} == {str(COMMUNITY)}
    assert {request.headers["authorization"] for request in seen} == {"Bearer token"}


async def test_a_refusal_is_told_in_the_problems_words() -> None:
    refused = answering(httpx.Response(403, json={"detail": "riders may not"}), seen=[])
    with pytest.raises(
        DemoFailed, match=r"POST http://issues/x failed: status 403.*riders may not[^$]*What to do"
    ):
        await access(refused).send("rider-4", "POST", "http://issues/x")


async def test_patience_ends_and_names_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_module, "PATIENCE", -1.0)
    away = answering(httpx.ConnectError("connection refused"), seen=[])
    with pytest.raises(DemoFailed, match=r"connection refused[^$]*see whether issues"):
        await access(away).send("rider-4", "GET", "http://issues/x")


async def test_accepted_statuses_are_no_failure_and_tokens_are_kept() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host == "identity":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 600})
        return httpx.Response(409)

    using = access(handle)
    for _ in range(2):
        answer = await using.send("platform", "POST", "http://issues/x", accept=frozenset({409}))
        assert answer.status_code == 409
    assert [request.url.host for request in asked] == ["identity", "issues", "issues"]
