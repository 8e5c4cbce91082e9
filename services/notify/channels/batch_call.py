"""One call that carries up to a hundred messages as JSON, and what each way of failing means."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx
import orjson

from services.notify.channels.provider import Answer, Outgoing, Result
from shared.security.authorities import authorities
from shared.telemetry.traces import Step, current_traceparent, record, span

CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 10.0
CONNECTIONS = 8
"""For each provider a client of its own: httpx scans its whole pool for every request."""

_LONGEST_RETRY_AFTER = 300.0
_LONGEST_TEXT = 128
_UNTAKEN = (400, 413, 422)
"""Something in the batch is not to the provider's liking, and the rest of it may well be."""

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def client(key: str) -> httpx.AsyncClient:
    """Make a provider's client; whoever opens it closes it."""
    return httpx.AsyncClient(
        headers={"authorization": f"Bearer {key}"},
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        verify=authorities(),
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        trust_env=False,
    )


async def call(
    http: httpx.AsyncClient, url: str, messages: Sequence[Outgoing], bodies: Sequence[Mapping[str, Any]]
) -> list[Answer]:
    """Post the bodies of messages and answer for each of them, whatever happens."""
    headers, began, common = {"content-type": "application/json"}, time.time_ns(), _common_trace(messages)
    with span("submit messages", common, "client", url=url, messages=len(messages)):
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        until = asyncio.get_running_loop().time() + TOTAL_SECONDS

        async def post(part: slice) -> list[Answer]:
            content = orjson.dumps({"messages": bodies[part]})
            try:
                async with asyncio.timeout_at(until):
                    response = await http.post(url, content=content, headers=headers)
            except _NEVER_LEFT as error:
                return [Answer(Result.NOT_SENT, code=type(error).__name__)] * len(messages[part])
            except (httpx.HTTPError, TimeoutError) as error:
                # Bytes have left, or may have: only the provider knows.
                return [Answer(Result.UNKNOWN, code=type(error).__name__)] * len(messages[part])
            if response.status_code in _UNTAKEN:
                return await _halved(post, part, f"http-{response.status_code}", until)
            if response.status_code == 200:
                return _results(response, messages[part])
            return [_refusal(response)] * len(messages[part])

        answers = await post(slice(0, len(messages)))
    if common is None:
        record((Step("submit message", each.traceparent, {"url": url}) for each in messages), "client", began)
    return answers


async def _halved(
    post: Callable[[slice], Awaitable[list[Answer]]], part: slice, code: str, until: float
) -> list[Answer]:
    """Answer for a batch that was turned away for what is in it: down to the messages that are the cause.

    All of it within the time of one call, since a lease lasts no longer; what is left then has not been sent.
    """
    many = part.stop - part.start
    if many == 1:
        return [Answer(Result.REJECTED, code)]
    answers: list[Answer] = []
    middle = part.start + many // 2
    for half in (slice(part.start, middle), slice(middle, part.stop)):
        if asyncio.get_running_loop().time() >= until:
            answers += [Answer(Result.NOT_SENT, code)] * (half.stop - half.start)
        else:
            answers += await post(half)
    return answers


def _common_trace(messages: Sequence[Outgoing]) -> str | None:
    """Give the trace that all messages of a call belong to; one call can stand in one trace only.

    Of others each message's trace has a step of its own, beside the call.
    """
    traces = {message.traceparent for message in messages}
    return next(iter(traces)) if len(traces) == 1 else None


def _refusal(response: httpx.Response) -> Answer:
    code, retry_after = f"http-{response.status_code}", _retry_after(response)
    if response.status_code == 429:
        return Answer(Result.THROTTLED, code, retry_after=retry_after)
    if response.status_code >= 500 or response.is_success:
        # Also a success without results: it may have been taken, and nobody says by whom.
        return Answer(Result.UNKNOWN, code, retry_after=retry_after)
    # The whole call was turned away: a wrong key, a limit of theirs. None of it was taken.
    return Answer(Result.NOT_SENT, code, retry_after=retry_after)


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(_LONGEST_RETRY_AFTER, max(0.0, float(response.headers["retry-after"])))
    except (KeyError, ValueError):
        return None


def _results(response: httpx.Response, messages: Sequence[Outgoing]) -> list[Answer]:
    """Read the results by token: an answer that leaves one out, or garbles it, says nothing of that one."""
    unknown = Answer(Result.UNKNOWN, code="unreadable-answer")
    found: dict[str, Answer] = {}
    try:
        for result in orjson.loads(response.content)["results"]:
            if isinstance(result, dict):
                found[str(result.get("token"))] = _answer(result) or unknown
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    return [found.get(message.token, unknown) for message in messages]


def _answer(result: Mapping[str, Any]) -> Answer | None:
    status = result.get("status")
    if status not in (Result.ACCEPTED, Result.REJECTED):
        return None
    return Answer(Result(status), _text(result.get("code")), _text(result.get("provider_id")))


def _text(value: object) -> str | None:
    """Keep what a provider says as the database can: a number as text, nothing endless, no NUL."""
    return None if value is None else str(value).replace("\0", "")[:_LONGEST_TEXT]
