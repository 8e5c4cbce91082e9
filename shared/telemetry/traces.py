"""Traces: every request, event and provider call has an id; spans leave only where an exporter is set up."""

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from random import getrandbits
from typing import Literal, NamedTuple

from opentelemetry import context as active
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from opentelemetry.util.types import AttributeValue

Kind = Literal["internal", "server", "client", "producer", "consumer"]

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
LAST_SECONDS = 1.0
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_KINDS: dict[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class _Tracing:
    """The process's tracer: None as long as nothing is exported, which saves four fifths of a span's cost."""

    tracer: trace.Tracer | None = None


def configure_traces(service: str, endpoint: str | None) -> Callable[[], None]:
    """Sends spans to the OTLP endpoint, if there is one; call what it gives when the process ends.

    That sends what is left, for `LAST_SECONDS` at most. A collector that is away costs nobody but its spans.
    """
    if not endpoint:
        return _nothing
    os.environ.setdefault("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)  # the exporter reads it from there
    # Imported here: a process that exports nothing does without their memory.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create({"service.name": f"linli.{service}"}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _Tracing.tracer = provider.get_tracer("linli")

    def finish() -> None:
        _Tracing.tracer = None
        ending = threading.Thread(target=provider.shutdown, daemon=True)
        ending.start()
        ending.join(LAST_SECONDS)

    return finish


def _nothing() -> None:
    """Where nothing is exported there is nothing to finish."""


class Step(NamedTuple):
    """What happened to one of many things that were dealt with together, and below which `traceparent`."""

    name: str
    traceparent: str | None
    attributes: Mapping[str, AttributeValue]


def record(steps: Iterable[Step], kind: Kind, began: int) -> None:
    """Writes down steps that are done, from `began` (ns since the epoch) until now.

    Where nothing is exported `steps` is not even looked at: give a generator.
    """
    if (tracer := _Tracing.tracer) is None:
        return
    for name, traceparent, attributes in steps:
        if (parent := context_of(traceparent)) is not None:
            above = trace.set_span_in_context(NonRecordingSpan(parent))
            tracer.start_span(name, above, _KINDS[kind], attributes, start_time=began).end()


@contextmanager
def span(
    name: str,
    traceparent: str | None = None,
    kind: Kind = "internal",
    **attributes: AttributeValue,
) -> Iterator[Span]:
    """One step of a trace: below a valid `traceparent`, else below the active span, else a new trace.

    Attributes hold ids and counts, never personal data.
    """
    parent = context_of(traceparent) or trace.get_current_span().get_span_context()
    if _Tracing.tracer is None:
        step: Span = NonRecordingSpan(_child(parent))
        token = active.attach(trace.set_span_in_context(step))
        try:
            yield step
        finally:
            active.detach(token)
        return
    above = trace.set_span_in_context(NonRecordingSpan(parent))
    with _Tracing.tracer.start_as_current_span(name, above, _KINDS[kind], attributes) as step:
        yield step


def current_traceparent() -> str | None:
    """The active span as the W3C header's value; None outside any span."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def current_trace_id() -> str | None:
    """The active trace's id in hex, for logs and error bodies; None outside any span."""
    here = trace.get_current_span().get_span_context()
    return f"{here.trace_id:032x}" if here.is_valid else None


def new_traceparent() -> str:
    """The beginning of a trace, for whoever has no span to stand in."""
    return f"00-{getrandbits(128) or 1:032x}-{getrandbits(64) or 1:016x}-01"


def context_of(traceparent: str | None) -> SpanContext | None:
    """What a W3C traceparent names; None when it is missing or broken, since strangers write it."""
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & 1))


def _child(parent: SpanContext) -> SpanContext:
    if parent.is_valid:
        return SpanContext(parent.trace_id, getrandbits(64) or 1, False, parent.trace_flags)
    return SpanContext(getrandbits(128) or 1, getrandbits(64) or 1, False, _SAMPLED)
