"""A trace follows a fact: ids are always there, broken ones from outside start a new trace."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry import traces
from shared.telemetry.traces import (
    LAST_SECONDS,
    Step,
    configure_traces,
    context_of,
    current_trace_id,
    current_traceparent,
    new_traceparent,
    record,
    span,
)

OUTSIDE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_outside_any_span_there_is_no_trace() -> None:
    assert current_traceparent() is None
    assert current_trace_id() is None


def test_a_span_continues_the_trace_it_is_given() -> None:
    with span("read", OUTSIDE):
        assert current_trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736"
        here = current_traceparent()
        assert here is not None
        assert here != OUTSIDE
        with span("store"):
            assert current_trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736"
            assert current_traceparent() != here
        assert current_traceparent() == here
    assert current_traceparent() is None


def test_an_unsampled_trace_stays_unsampled() -> None:
    with span("read", OUTSIDE[:-1] + "0"):
        assert (current_traceparent() or "").endswith("-00")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "00-1-2-01",
        OUTSIDE.upper(),
        "ff" + OUTSIDE[2:],
        OUTSIDE.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
    ],
)
def test_a_broken_traceparent_starts_a_new_trace(broken: str) -> None:
    assert context_of(broken) is None
    with span("read", broken):
        assert current_trace_id() not in (None, "4bf92f3577b34da6a3ce929d0e0e4736")


def test_a_new_traceparent_can_be_continued() -> None:
    given = new_traceparent()
    with span("read", given):
        assert current_trace_id() == given.split("-")[1]


class _Collector(BaseHTTPRequestHandler):
    """An OTLP collector as far as a span needs one."""

    taken: ClassVar[list[ExportTraceServiceRequest]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_what_is_left_reaches_the_collector_when_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        finish = configure_traces("parking", f"http://127.0.0.1:{collector.server_port}")
        with span("read", OUTSIDE):
            pass
        record([Step("publish", OUTSIDE, {"messaging.message.id": "1"})], "producer", time.time_ns())
        finish()
        collector.shutdown()
    (sent,) = (spans for request in _Collector.taken for spans in request.resource_spans)
    assert {(each.key, each.value.string_value) for each in sent.resource.attributes} >= {
        ("service.name", "linli.parking")
    }
    written = [each for scope in sent.scope_spans for each in scope.spans]
    assert [each.name for each in written] == ["read", "publish"]
    assert {each.trace_id.hex() for each in written} == {OUTSIDE.split("-")[1]}
    assert {each.parent_span_id.hex() for each in written} == {OUTSIDE.split("-")[2]}


def test_a_collector_that_is_away_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        finish = configure_traces("parking", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with span("read", OUTSIDE):
            pass
        began = time.monotonic()
        finish()
        assert time.monotonic() - began < LAST_SECONDS + 1


def test_where_nothing_is_exported_steps_are_not_looked_at() -> None:
    def steps() -> Iterator[Step]:
        raise AssertionError("looked at")
        yield

    record(steps(), "producer", 0)


def test_exported_spans_carry_the_same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    monkeypatch.setattr(traces._Tracing, "tracer", provider.get_tracer("test"))
    with span("read", OUTSIDE, kind="server", count=3):
        here = current_traceparent()
    (written,) = exported.get_finished_spans()
    assert written.name == "read"
    assert written.attributes == {"count": 3}
    assert written.parent is not None
    assert written.context is not None
    assert f"{written.parent.span_id:016x}" == OUTSIDE.split("-")[2]
    assert here == f"00-{written.context.trace_id:032x}-{written.context.span_id:016x}-01"


def test_without_an_exporter_a_span_records_nothing() -> None:
    with span("read", OUTSIDE, count=3) as step:
        assert not step.is_recording()
