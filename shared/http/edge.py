"""The one middleware: trace, metrics, access log, and every error turned into its problem document."""

import time
from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Handling
from shared.http.body import BodyTooLarge, expects_continue, send_refusal
from shared.http.problem import problem_of
from shared.telemetry.logs import log
from shared.telemetry.metrics import SECONDS
from shared.telemetry.traces import span

REQUESTS = Counter("linli_http_requests_total", "Requests answered", ["method", "route", "status"])
DURATION = Histogram(
    "linli_http_request_seconds", "Time to the answer's end", ["method", "route"], buckets=SECONDS
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_GONE = 499
"""Stands in numbers and logs for the status of a caller who went away before the answer."""
_QUIET = {"/health/live", "/health/ready", "/metrics"}


class Edge:
    """Stands between the server and everything else; pure ASGI, so that streams pass through untouched."""

    def __init__(self, app: ASGIApp, errors: Mapping[type[BaseException], Handling]) -> None:
        self._app = app
        self._errors = errors
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._durations: dict[tuple[str, str], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        parent = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
        with span("http", None if parent is None else parent.decode("latin-1"), kind="server") as step:
            here = step.get_span_context()
            trace_id = f"{here.trace_id:032x}"
            scope["linli.traceparent"] = f"00-{trace_id}-{here.span_id:016x}-{here.trace_flags:02x}"
            exchange = _Exchange(send, trace_id)
            try:
                await self._app(scope, receive, exchange.send)
            except ClientDisconnect:
                pass  # nobody is left to be answered
            except Exception as error:  # noqa: BLE001  the edge: counted, logged, answered
                await self._answer(error, scope, receive, exchange)
            finally:
                route = getattr(scope.get("route"), "path", "(none)")
                step.update_name(f"{scope['method']} {route}")
                self._record(scope, route, exchange.status or _GONE, time.perf_counter() - began)

    async def _answer(self, error: Exception, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        response = problem_of(error, path=scope["path"], trace_id=exchange.trace_id, added=self._errors)
        if response.status_code == 500:
            log.error("unforeseen error", path=scope["path"], exc_info=error)
        elif response.status_code > 500:
            log.warning("cannot serve", path=scope["path"], error=f"{type(error).__name__}: {error}")
        if exchange.status:
            # Too late for an answer: the server cuts the connection, so that the client notices.
            raise error
        if isinstance(error, BodyTooLarge) and not expects_continue(scope):
            start: Message = {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": response.raw_headers,
            }
            await send_refusal(start, bytes(response.body), receive, exchange.send)
            return
        await response(scope, receive, exchange.send)

    def _record(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        key = (method, route, status)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = REQUESTS.labels(method, route, str(status))
        counter.inc()
        duration = self._durations.get((method, route))
        if duration is None:
            duration = self._durations[method, route] = DURATION.labels(method, route)
        duration.observe(seconds)
        if scope["path"] not in _QUIET:
            log.info("request", method=method, path=scope["path"], status=status, ms=round(seconds * 1000, 1))


class _Exchange:
    """Remembers what was answered and adds the trace's id to it."""

    __slots__ = ("_header", "_send", "status", "trace_id")

    def __init__(self, send: Send, trace_id: str) -> None:
        self._send = send
        self.trace_id = trace_id
        self._header = (b"linli-trace-id", trace_id.encode())
        self.status = 0

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], self._header]
        await self._send(message)
