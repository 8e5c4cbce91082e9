"""The phones' HTTP face: two gateways, the ledger, faults and the pages."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from deploy.simulators.hosting import Connections
from deploy.simulators.phones.faults import Faults, InvalidFault, fault_of
from deploy.simulators.phones.gateway import Gateway, problem
from deploy.simulators.phones.ledger import Ledger
from deploy.simulators.phones.messages import Message
from deploy.simulators.phones.pages import Pages
from deploy.simulators.phones.receipts import Receipts


def phones_application(
    ledger: Ledger, faults: Faults, receipts: Receipts, connections: Connections, key: str
) -> Starlette:
    """Everything the phones answer to."""
    gateway = Gateway(ledger, faults, receipts, connections, key)
    pages, reading, control = Pages(ledger, faults), LedgerReading(ledger), FaultControl(faults)
    return Starlette(
        routes=[
            Route("/sms/messages", gateway.endpoint("sms"), methods=["POST"]),
            Route("/push/messages", gateway.endpoint("push"), methods=["POST"]),
            Route("/ledger", reading.lines),
            Route("/ledger/summary", reading.summary),
            Route("/faults", control.show),
            Route("/faults", control.put, methods=["PUT"]),
            Route("/health/live", healthy),
            Route("/health/ready", healthy),
            Route("/phones/{address}", pages.phone),
            Route("/", pages.wall),
        ],
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter over the ledger; nothing given means everything."""

    phone: str | None
    token: str | None
    channel: str | None

    def __call__(self, message: Message) -> bool:
        return (
            self.phone in (None, message.address)
            and self.token in (None, message.submitted.token)
            and self.channel in (None, message.channel)
        )


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """`GET /ledger`: JSON lines in order of arrival."""

    ledger: Ledger

    async def lines(self, request: Request) -> Response:
        """Lines behind `since` (a position), of one phone, token or channel; `follow=true` streams on."""
        query = request.query_params
        since = query.get("since", "0")
        if not since.isascii() or not since.isdigit():
            return problem(400, "since must be a position: a whole number")
        # A plus sign that was not encoded arrives as a space, and no number has one.
        phone = query.get("phone")
        wanted = Wanted(phone and phone.replace(" ", "+"), query.get("token"), query.get("channel"))
        # A line that the disk does not hold yet is not evidence.
        await self.ledger.durable()
        following = query.get("follow") == "true"
        return StreamingResponse(
            self._stream(int(since), wanted, following), media_type="application/x-ndjson"
        )

    async def _stream(self, since: int, wanted: Wanted, following: bool) -> AsyncIterator[bytes]:
        while True:
            until = self.ledger.length
            piece = bytearray()
            for message in self.ledger.after(since):
                if wanted(message):
                    piece += orjson.dumps(message.line(), option=orjson.OPT_APPEND_NEWLINE)
                since = message.position
                if len(piece) > 65536:
                    yield bytes(piece)
                    piece.clear()
                    await asyncio.sleep(0)
            if piece:
                yield bytes(piece)
            if not following:
                return
            if self.ledger.length == until:
                await self.ledger.growth()
                await self.ledger.durable()

    async def summary(self, _request: Request) -> Response:
        """Counts over the whole ledger."""
        counts: dict[str, int] = {"messages": 0, "rejected": 0, "repeats": 0, "refused": 0, "receipts": 0}
        for message in self.ledger.after(0):
            counts["messages" if message.status == "accepted" else "rejected"] += 1
            counts["repeats"] += message.repeats
            counts["refused"] += message.refused
            counts["receipts"] += message.receipt is not None
        return _json({**counts, "phones": len(self.ledger.phones()), "position": self.ledger.length})


@dataclass(frozen=True, slots=True)
class FaultControl:
    """`GET` and `PUT /faults`."""

    faults: Faults

    async def show(self, _request: Request) -> Response:
        """The script in force with what is left of its count."""
        return _json(self.faults.current.described())

    async def put(self, request: Request) -> Response:
        """Replaces the script."""
        try:
            self.faults.current = fault_of(orjson.loads(await request.body()))
        except orjson.JSONDecodeError as error:
            return problem(400, f"the body is not JSON: {error}")
        except InvalidFault as error:
            return problem(422, str(error))
        return _json(self.faults.current.described())


async def healthy(_request: Request) -> Response:
    """The simulator answers, so it lives: a dead background task ends the process."""
    return _json({"status": "ok"})


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
