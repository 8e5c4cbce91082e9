"""The two gateways: batches of messages in, one result for each."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deploy.simulators.hosting import Connections
from deploy.simulators.phones.faults import Fault, Faults, Mode
from deploy.simulators.phones.ledger import Ledger, TokenReused
from deploy.simulators.phones.messages import Channel, InvalidMessage, Message, submitted_message
from deploy.simulators.phones.receipts import Receipts

BATCH: Final = 100
LARGEST_BODY: Final = 1024 * 1024


class Refused(Exception):
    """The whole request is refused."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


@dataclass(frozen=True, slots=True)
class Gateway:
    """What both gateways share."""

    ledger: Ledger
    faults: Faults
    receipts: Receipts
    connections: Connections
    key: str

    def endpoint(self, channel: Channel) -> Callable[[Request], Awaitable[Response]]:
        """`POST /{channel}/messages`."""

        async def submit(request: Request) -> Response:
            fault = Fault()
            try:
                self._authenticate(request)
                batch = await batch_of(request)
                fault = self.faults.strike(channel)
                results = await self._take(channel, batch, request.headers.get("traceparent"), fault)
            except Refused as refusal:
                return problem(refusal.status, refusal.detail, **refusal.headers)
            return await self._answer(results, fault)

        return submit

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
            raise Refused(401, "the bearer key is missing or wrong", **{"www-authenticate": "Bearer"})

    async def _take(
        self, channel: Channel, batch: list[Any], traceparent: str | None, fault: Fault
    ) -> list[dict[str, Any]]:
        if fault.mode is Mode.throttle:
            raise Refused(
                429, "too many requests: nothing was taken", **{"retry-after": str(round(fault.seconds) or 1)}
            )
        if fault.mode is Mode.unavailable:
            raise Refused(503, "the gateway is out of order: nothing was taken", **{"retry-after": "1"})
        before = self.ledger.length
        results = [self._one(channel, raw, traceparent, fault) for raw in batch]
        arrived = list(self.ledger.after(before))
        await self.ledger.durable()
        for message in arrived:
            self.receipts.expect(message)
        return results

    def _one(self, channel: Channel, raw: object, traceparent: str | None, fault: Fault) -> dict[str, Any]:
        try:
            submitted = submitted_message(channel, raw, traceparent)
            if fault.mode is Mode.refuse:
                message = self.ledger.take(submitted, "rejected", "number-refused")
            else:
                message = self.ledger.take(submitted)
        except InvalidMessage as error:
            return {**_rejected(error.token, error.code), "detail": error.detail}
        except TokenReused as error:
            return {
                **_rejected(str(error), "token-reused"),
                "detail": "this token came before with other content",
            }
        return _result(message)

    async def _answer(self, results: list[dict[str, Any]], fault: Fault) -> Response:
        if fault.mode is Mode.slow:
            await asyncio.sleep(fault.seconds)
        if fault.mode is Mode.error_after_accept:
            return problem(500, "the gateway failed after it had taken the messages")
        answer = Response(orjson.dumps({"results": results}), media_type="application/json")
        return Cut(self.connections) if fault.mode is Mode.drop_answer else answer


class Cut(Response):
    """No answer at all: the connection is reset."""

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        self._connections.cut(scope)
        while (await receive())["type"] != "http.disconnect":
            pass


async def batch_of(request: Request) -> list[Any]:
    """The request's messages, not yet checked one by one; raises Refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Refused(413, f"a batch has at most {LARGEST_BODY} bytes")
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    messages = parsed.get("messages") if isinstance(parsed, dict) else None
    if not isinstance(messages, list) or not 1 <= len(messages) <= BATCH:
        raise Refused(422, f"messages must be a list of 1 to {BATCH}")
    return messages


def problem(status: int, detail: str, **headers: str) -> Response:
    """An RFC 9457 answer."""
    body = orjson.dumps({"type": "about:blank", "status": status, "detail": detail})
    return Response(body, status, headers, media_type="application/problem+json")


def _result(message: Message) -> dict[str, Any]:
    return {
        "token": message.submitted.token,
        "status": message.status,
        "provider_id": message.provider_id,
        "code": message.code,
    }


def _rejected(token: str | None, code: str) -> dict[str, Any]:
    return {"token": token, "status": "rejected", "provider_id": None, "code": code}
