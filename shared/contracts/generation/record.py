"""One event as the Kafka record that carries it, in the form the examples show."""

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from shared.contracts.event import SEQUENCE_DIGITS, Event


@dataclass(frozen=True, slots=True)
class Example:
    """A complete event with a sentence on what it shows."""

    summary: str
    event: Event[Any]


def headers_of(event: Event[Any]) -> dict[str, str]:
    """The record's headers as text, without those that say nothing."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_source": event.source,
        "ce_type": event.type,
        "ce_subject": event.subject,
        "ce_time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_community": str(event.community),
        "ce_sequence": f"{event.sequence:0{SEQUENCE_DIGITS}d}",
        "ce_partitionkey": event.subject,
        "content-type": "application/json",
    }
    if event.imported:
        headers["ce_imported"] = "true"
    if event.traceparent is not None:
        headers["ce_traceparent"] = event.traceparent
    return headers


def record_of(example: Example) -> dict[str, Any]:
    """The example as JSON: topic, key, headers and value of its record."""
    return {
        "summary": example.summary,
        "topic": example.event.topic,
        "key": example.event.subject,
        "headers": headers_of(example.event),
        "value": json.loads(example.event.data.model_dump_json()),
    }
