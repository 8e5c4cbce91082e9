"""The envelope every record carries: CloudEvents 1.0.2 attributes as Kafka headers, binary content mode."""

from typing import Any

from shared.contracts.event import SEQUENCE_DIGITS
from shared.contracts.fields import INSTANT_SCHEMA

_UUID = {"type": "string", "format": "uuid"}


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"type": "string"} | schema | {"description": description}


ALWAYS: dict[str, dict[str, Any]] = {
    "ce_specversion": _header("The CloudEvents version.", const="1.0"),
    "ce_id": _header(
        "The event's id, a UUIDv7. Repeats are normal: whoever acts on it remembers it.", **_UUID
    ),
    "ce_source": _header("The service that says so.", pattern="^/linli/[a-z]+$"),
    "ce_type": _header("What happened, with the version.", pattern=r"^linli\.[a-z]+\.[a-z-]+\.v[1-9][0-9]*$"),
    "ce_subject": _header("The id of the thing it happened to.", **_UUID),
    "ce_time": _header(
        "When it happened, in business time. Kafka's own timestamp is wall time.", **INSTANT_SCHEMA
    ),
    "ce_community": _header("The community it happened in: the tenant.", **_UUID),
    "ce_sequence": _header(
        "The thing's version after this, zero-padded: greater is later.",
        pattern=f"^[0-9]{{{SEQUENCE_DIGITS}}}$",
    ),
    "ce_partitionkey": _header("Equal to the record's key and to the subject.", **_UUID),
    "content-type": _header("The media type of the value.", const="application/json"),
}
"""Headers of every record, by name."""

SOMETIMES: dict[str, dict[str, Any]] = {
    "ce_imported": _header("`true` for recorded history: it escalates nothing, sends nothing.", const="true"),
    "ce_traceparent": _header(
        "W3C trace context of the request that caused it.",
        pattern="^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
    ),
}
"""Headers that are absent where they say nothing."""

MOST_VALUE_BYTES = 256 * 1024
"""The longest value a record may have; a longer one is a dead letter."""


def attributes_schema() -> dict[str, Any]:
    """JSON Schema (draft-07) of a record's headers, decoded as UTF-8."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "attributes.json",
        "title": "Attributes",
        "description": "Kafka headers of every record: CloudEvents attributes in binary content mode.",
        "type": "object",
        "properties": ALWAYS | SOMETIMES,
        "required": list(ALWAYS),
    }
