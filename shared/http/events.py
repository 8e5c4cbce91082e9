"""`GET /events`: what happens in a community, as server-sent events, for those whom the table admits."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from shared.contracts import SEQUENCE_DIGITS, Event
from shared.errors import Unauthenticated, Unavailable
from shared.http.call import Call, call_of
from shared.http.routing import authenticated, router
from shared.http.sight import Watch
from shared.messaging.live import Live, Reset, Seen, WatchOver
from shared.security.policy import members
from shared.security.tokens import TokenVerifier

HEARTBEAT_SECONDS = 15.0
"""A quiet stream says that it lives, and looks at its token, so often."""
_RETRY_MILLISECONDS = 3000
_LONGEST_CURSOR = 4096

_ABOUT = """Follow what happens in a community.

Server-sent events; each `data` is a CloudEvents 1.0 JSON object, `event` its type. An event may come again:
drop repeats by the `id` inside `data`. Send the last `id` line as `Last-Event-ID` to go on after a break. An
event `reset` says that this is not possible, or that you read too slowly: load what you show anew, and go on
from the `id` that came with it. Comments come while nothing happens. The stream ends with the token that
opened it.

"""
_EXAMPLE = """id: eyJsaW5saS5pc3N1ZXMiOnsiMCI6NDJ9fQ
event: linli.issues.issue-reported.v1
data: {"specversion":"1.0","id":"0197…","type":"linli.issues.issue-reported.v1","data":{"case":"0197…"}}

"""
_LAST = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "Go on behind this `id` of an earlier stream",
    "schema": {"type": "string", "maxLength": _LONGEST_CURSOR},
}


class EventStream(StreamingResponse):
    """A stream whose generator ends with it, also when the client goes while bytes are on their way."""

    media_type = "text/event-stream"
    body_iterator: AsyncGenerator[bytes, None]

    async def stream_response(self, send: Send) -> None:
        """Send until the generator ends."""
        async with aclosing(self.body_iterator):
            await super().stream_response(send)


def event_routes(live: Live, watch: Watch) -> APIRouter:
    """Make the route of a service with this table."""
    routes = router("", "events")

    @routes.get(
        "/events",
        response_class=EventStream,
        description=_ABOUT + _described(watch),
        responses={200: {"content": {"text/event-stream": {"example": _EXAMPLE}}, "description": "Events"}},
        openapi_extra={"parameters": [_LAST]},
    )
    @members()
    async def events(request: Request) -> Response:
        call = await call_of(request)
        await live.opened(call.actor.person)
        return EventStream(
            _stream(live, call, watch, request.app.state.verifier),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


async def _stream(
    live: Live, call: Call, watch: Watch, verifier: TokenVerifier
) -> AsyncGenerator[bytes, None]:
    cursor = call.headers.get(b"last-event-id", b"").decode("latin-1")[:_LONGEST_CURSOR]
    with live.watched(call.community, call.actor.person, _sees(call, watch), cursor or None) as watcher:
        yield f"retry: {_RETRY_MILLISECONDS}\nid: {live.cursor(watcher)}\n\n".encode()
        try:
            while True:
                taken = await watcher.take(HEARTBEAT_SECONDS)
                await authenticated(verifier, call.headers)
                if taken:
                    yield b"".join(_written(news, call, watch) for news in taken)
                else:
                    # The cursor too: whoever may see little would else come back with one that has expired.
                    yield f": \nid: {live.cursor(watcher)}\n\n".encode()
        except (WatchOver, Unauthenticated, Unavailable):
            return


def _sees(call: Call, watch: Watch) -> Callable[[Event[Any]], bool]:
    person, roles = call.actor.person, call.roles

    def sees(event: Event[Any]) -> bool:
        sight = watch.get(type(event.data))
        return sight is not None and sight.admits(person, roles, event.data)

    return sees


def _written(news: Seen | Reset, call: Call, watch: Watch) -> bytes:
    if isinstance(news, Reset):
        return f'id: {news.cursor}\nevent: reset\ndata: {{"reason":"{news.reason}"}}\n\n'.encode()
    fact = news.event.data
    hidden = watch[type(fact)].hides(call.actor.person, call.roles, fact)
    if hidden not in news.texts:
        head = f"id: {news.cursor}\nevent: {news.event.type}\ndata: "
        news.texts[hidden] = head.encode() + _cloud_event(news.event, hidden) + b"\n\n"
    return news.texts[hidden]


def _cloud_event(event: Event[Any], hidden: frozenset[str]) -> bytes:
    """CloudEvents 1.0 in structured mode, on one line."""
    content = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.astimezone(UTC),
        "community": event.community,
        "sequence": str(event.sequence).zfill(SEQUENCE_DIGITS),
        "datacontenttype": "application/json",
        "data": event.data.model_dump(mode="json", exclude=_excluded(hidden)),
    }
    marks = {"imported": event.imported, "traceparent": event.traceparent}
    content |= {name: value for name, value in marks.items() if value}
    return orjson.dumps(content, default=str, option=orjson.OPT_UTC_Z)


def _excluded(hidden: frozenset[str]) -> dict[str, Any]:
    parted = (name.partition(".") for name in hidden)
    return {outer: {inner} if inner else True for outer, _, inner in parted}


def _described(watch: Watch) -> str:
    lines = [f"| `{fact.event_type}` | {sight.described()} |" for fact, sight in watch.items()]
    return "\n".join(["| event | visible to |", "|---|---|", *lines])
