"""CloudEvents 1.0.2 over Kafka: binary mode out, binary and structured mode in."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from shared.contracts import FACTS, SEQUENCE_DIGITS, Event, Fact
from shared.messaging.attributes import Attributes, InvalidEnvelope, event_id
from shared.messaging.wire import headers_form, pack_record, unpack_headers

VALUE_LIMIT = 256 * 1024
"""Bytes a record's value may have by contract, either way."""

ID_BYTES = 36
"""Bytes of an id as text."""

Row = tuple[str, bytes, bytes]
"""Events of one key in the outbox: topic, key, records as they travel."""

Headers = Iterable[tuple[str, bytes | None]]

Value = TypeVar("Value")

_READ = (
    *("specversion", "type", "source", "id", "subject", "time"),
    *("community", "sequence", "imported", "traceparent"),
)
_ATTRIBUTES = {f"ce_{attribute}": attribute for attribute in _READ}
_SEQUENCE = b"%%0%dd" % SEQUENCE_DIGITS
_JSON = re.compile(r"application/([\w.-]+\+)?json\s*(;|$)")
_STRUCTURED = re.compile(r"application/cloudevents\+json\s*(;|$)")


class EventTooLarge(ValueError):
    """The data of an event is longer than the contract allows."""


class UnknownType(Exception):
    """A valid event of a type, or of a version of it, that the reader does not know."""


@dataclass(frozen=True, slots=True)
class Record:
    """What goes to Kafka as it is; the topic without the deployment's prefix."""

    topic: str
    key: bytes | None
    headers: Mapping[str, str]
    value: bytes


def to_record(event: Event[Any]) -> Record:
    """Write an event in binary mode: the data is the value, everything else is in headers.

    Raises:
        EventTooLarge: the data exceeds `VALUE_LIMIT`.
    """
    key, headers, value = _written(event)
    return Record(event.topic, key, unpack_headers(headers), value)


def to_row(event: Event[Any]) -> Row:
    """Write an event as the outbox keeps it.

    Raises:
        EventTooLarge: the data exceeds `VALUE_LIMIT`.
    """
    key, headers, value = _written(event)
    return event.data.topic, key, pack_record(value, headers)


def _written(event: Event[Any]) -> tuple[bytes, bytes, bytes]:
    data = event.data
    value = data.written()
    check_length(data.event_type, value)
    key = data.subject.encode()
    at = time_as_text(event.time if event.time.tzinfo is UTC else event.time.astimezone(UTC))
    trace = event.traceparent.encode() if event.traceparent else b""
    form = headers_with_gaps(data.event_type, event.source, len(key), len(at), len(trace), event.imported)
    ident, community = str(event.id).encode(), str(event.community).encode()
    gaps = header_values(ident, key, at, community, sequence_as_text(event.sequence), trace or None)
    return key, form % gaps, value


def check_length(event_type: str, value: bytes) -> None:
    """Raise `EventTooLarge` for more data than the contract allows."""
    if len(value) > VALUE_LIMIT:
        raise EventTooLarge(f"{event_type} of {len(value)} bytes; the limit is {VALUE_LIMIT}")


def sequence_as_text(sequence: int) -> bytes:
    """Write the number of an aggregate's version."""
    return _SEQUENCE % sequence


@lru_cache(maxsize=1024)  # what happens at once has one time
def time_as_text(in_utc: datetime) -> bytes:
    """Write a time as RFC 3339 has it."""
    return orjson.dumps(in_utc, None, orjson.OPT_UTC_Z)[1:-1]


@lru_cache(maxsize=4096)  # a type has few: its subjects, mostly ids, and its times have few lengths
def headers_with_gaps(
    event_type: str, source: str, subject: int, time: int, traceparent: int, imported: bool
) -> bytes:
    """Write the headers of a type as a form for `%` of `header_values`, for values of these lengths."""
    headers: dict[str, bytes | int] = {
        "content-type": b"application/json",
        "ce_specversion": b"1.0",
        "ce_id": ID_BYTES,
        "ce_source": source.encode(),
        "ce_type": event_type.encode(),
        "ce_subject": subject,
        "ce_time": time,
        "ce_partitionkey": subject,
        "ce_community": ID_BYTES,
        "ce_sequence": SEQUENCE_DIGITS,
    }
    if imported:
        headers["ce_imported"] = b"true"
    if traceparent:
        headers["ce_traceparent"] = traceparent
    return headers_form(headers)


def header_values(
    ident: Value, subject: Value, time: Value, community: Value, sequence: Value, traceparent: Value | None
) -> tuple[Value, ...]:
    """Put what fills the gaps of headers in their order."""
    values = (ident, subject, time, subject, community, sequence)
    return values if traceparent is None else (*values, traceparent)


def read_record(
    headers: Headers, value: bytes | None, *, timestamp: int, facts: Mapping[str, type[Fact]] = FACTS
) -> Event[Any]:
    """Read an event in either mode; `timestamp` (Kafka's, in ms) serves where the event has no time.

    Raises:
        InvalidEnvelope: no event, or one that breaks the contract of its type.
        UnknownType: a valid event whose type is not among `facts`.
    """
    if value is None:
        raise InvalidEnvelope("null-value", "a record without a value is no event")
    if len(value) > VALUE_LIMIT:
        raise InvalidEnvelope("oversize", f"{len(value)} bytes; the limit is {VALUE_LIMIT}")
    attributes, data = _opened(dict(headers), value)
    event_type = attributes.required("type")
    if attributes.required("specversion") != "1.0":
        raise InvalidEnvelope("no-envelope", "specversion is not 1.0")
    source, ident = attributes.required("source"), attributes.required("id")
    fact = facts.get(event_type)
    if fact is None:
        raise UnknownType(event_type)
    return Event(
        event_id(source, ident),
        source,
        attributes.time(timestamp),
        attributes.community(),
        attributes.sequence(),
        _data(fact, data),
        attributes.imported(),
        attributes.traceparent(),
    )


def _opened(headers: Mapping[str, bytes | None], value: bytes) -> tuple[Attributes, bytes]:
    if not _is_binary(headers.get("content-type")):
        return _structured(value)
    texts = _texts(headers)
    if "traceparent" not in texts:  # what OpenTelemetry's own instrumentation writes
        texts["traceparent"] = _text(headers.get("traceparent"), "traceparent")
    return Attributes(texts), value


def _texts(headers: Mapping[str, bytes | None]) -> dict[str, str]:
    try:
        return {
            attribute: text.decode() for name, attribute in _ATTRIBUTES.items() if (text := headers.get(name))
        }
    except UnicodeDecodeError:  # once more, to say which
        return {attribute: _text(headers.get(name), name) for name, attribute in _ATTRIBUTES.items()}


def _text(value: bytes | None, name: str) -> str:
    if value is None:
        return ""
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise InvalidEnvelope("broken-envelope", f"{name[:64]} is not UTF-8") from error


@lru_cache(maxsize=32)  # producers have one or two, and a stranger's may be long
def _is_binary(content_type: bytes | None) -> bool:
    """Tell binary mode from structured mode; raises `InvalidEnvelope` for what is neither."""
    text = _text(content_type, "content-type").lower()
    if not text.startswith("application/cloudevents"):
        if text and not _JSON.match(text):
            raise InvalidEnvelope("no-envelope", "the content type is not JSON")
        return True
    if not _STRUCTURED.match(text):
        raise InvalidEnvelope("no-envelope", "of structured modes only single JSON events are read")
    return False


def _structured(value: bytes) -> tuple[Attributes, bytes]:
    try:
        event = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvalidEnvelope("broken-json", f"{error.msg}, column {error.colno}") from error
    if not isinstance(event, dict):
        raise InvalidEnvelope("no-envelope", "a structured event is a JSON object")
    attributes = Attributes({name: _as_text(text) for name, text in event.items() if name != "data"})
    if "data_base64" not in event:
        return attributes, orjson.dumps(event.get("data"))
    try:
        return attributes, base64.b64decode(event["data_base64"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise InvalidEnvelope("broken-envelope", "data_base64 is not base64") from error


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _data(fact: type[Fact], data: bytes) -> Fact:
    try:
        return fact.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        if found[0]["type"] == "json_invalid":
            raise InvalidEnvelope("broken-json", found[0]["msg"]) from error
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'data'}: {one['msg']}" for one in found[:5])
        raise InvalidEnvelope("wrong-data", told) from error
