"""One call that carries up to a hundred messages as JSON, and what each way of failing means."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson

from services.notify.channels.provider import Answer, Outgoing, Result
from shared.telemetry.traces import current_traceparent, span

CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 10.0
CONNECTIONS = 8
"""For each provider a client of its own: httpx scans its whole pool for every request."""

_LONGEST_RETRY_AFTER = 300.0
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def client(key: str) -> httpx.AsyncClient:
    """Make a provider's client; whoever opens it closes it."""
    return httpx.AsyncClient(
        headers={"authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        trust_env=False,
    )


async def call(
    http: httpx.AsyncClient, url: str, messages: Sequence[Outgoing], bodies: Sequence[Mapping[str, Any]]
) -> list[Answer]:
    """Post the bodies of messages and answer for each of them, whatever happens."""
    headers = {"content-type": "application/json"}
    with span("submit messages", _common_trace(messages), "client", url=url, messages=len(messages)):
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                response = await http.post(url, content=orjson.dumps({"messages": bodies}), headers=headers)
        except _NEVER_LEFT as error:
            return [Answer(Result.NOT_SENT, code=type(error).__name__)] * len(messages)
        except (httpx.HTTPError, TimeoutError) as error:
            # Bytes have left, or may have: only the provider knows.
            return [Answer(Result.UNKNOWN, code=type(error).__name__)] * len(messages)
    if response.status_code == 200:
        return _results(response, messages)
    return [_refusal(response)] * len(messages)


def _common_trace(messages: Sequence[Outgoing]) -> str | None:
    """Give the trace that all messages of a call belong to; one call can stand in one trace only."""
    traces = {message.traceparent for message in messages}
    return next(iter(traces)) if len(traces) == 1 else None


def _refusal(response: httpx.Response) -> Answer:
    code, retry_after = f"http-{response.status_code}", _retry_after(response)
    if response.status_code == 429:
        return Answer(Result.THROTTLED, code, retry_after=retry_after or 1.0)
    if response.status_code >= 500:
        return Answer(Result.UNKNOWN, code, retry_after=retry_after)
    # The whole call was turned away: a wrong key, a limit of theirs. None of it was taken.
    return Answer(Result.NOT_SENT, code, retry_after=retry_after)


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(_LONGEST_RETRY_AFTER, max(0.0, float(response.headers["retry-after"])))
    except (KeyError, ValueError):
        return None


def _results(response: httpx.Response, messages: Sequence[Outgoing]) -> list[Answer]:
    """Read the results by token: an answer that leaves one out says nothing of it."""
    unknown = Answer(Result.UNKNOWN, code="unreadable-answer")
    try:
        found = {result["token"]: _answer(result) for result in orjson.loads(response.content)["results"]}
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return [unknown] * len(messages)
    return [found.get(message.token, unknown) for message in messages]


def _answer(result: Mapping[str, Any]) -> Answer:
    status = Result(result["status"])
    if status not in (Result.ACCEPTED, Result.REJECTED):
        raise ValueError("a provider accepts or rejects")
    return Answer(status, result.get("code"), result.get("provider_id"))
