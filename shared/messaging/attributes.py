"""The context attributes of a CloudEvent as text, and what they mean."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID

from shared.contracts import SEQUENCE_DIGITS
from shared.identifiers import derived_id, id_of

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_OURS = "/linli/"
_VERSION = 7
_LARGEST_SEQUENCE = 2**63 - 1


class InvalidEnvelope(Exception):
    """A record is no event of ours; `reason` is one of a few words, `detail` holds no content of it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Attributes(NamedTuple):
    """Reads attributes by their CloudEvents names; each reading raises `InvalidEnvelope` when it cannot."""

    texts: Mapping[str, str]

    def required(self, name: str) -> str:
        """Give an attribute that no event is without."""
        value = self.texts.get(name)
        if not value:
            raise InvalidEnvelope("no-envelope", f"no {name}")
        return value

    def time(self, timestamp: int) -> datetime:
        """Give when it happened, in UTC, or Kafka's timestamp (ms) where the event does not say."""
        text = self.texts.get("time")
        try:
            if not text:
                return datetime.fromtimestamp(timestamp / 1000, UTC)
            time = datetime.fromisoformat(text)
            if time.tzinfo is None:
                raise InvalidEnvelope("broken-envelope", "time has no zone")
            return time.astimezone(UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidEnvelope("broken-envelope", "time is not an RFC 3339 timestamp") from error

    def community(self) -> UUID:
        """Give the tenant, without which no event is ours."""
        try:
            return _community(self.texts.get("community", ""))
        except ValueError as error:
            raise InvalidEnvelope("broken-envelope", "community is missing or not a UUID") from error

    def sequence(self) -> int:
        """Give the aggregate's version; 0 where the producer counts none."""
        text = self.texts.get("sequence") or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= SEQUENCE_DIGITS):
            raise InvalidEnvelope("broken-envelope", "sequence is not a number")
        if (sequence := int(text)) > _LARGEST_SEQUENCE:
            raise InvalidEnvelope("broken-envelope", "sequence is too large")
        return sequence

    def imported(self) -> bool:
        """Tell whether this is recorded history."""
        text = (self.texts.get("imported") or "false").lower()  # CloudEvents' own Python library says True
        if text not in ("true", "false"):
            raise InvalidEnvelope("broken-envelope", "imported is neither true nor false")
        return text == "true"

    def traceparent(self) -> str | None:
        """Give the trace; a broken one is nobody's reason to refuse an event."""
        text = self.texts.get("traceparent", "")
        return text if _TRACEPARENT.fullmatch(text) else None


def event_id(source: str, text: str) -> UUID:
    """Give an id: ours as it is, a stranger's as the UUIDv5 of source and id, unique only together."""
    if source.startswith(_OURS):
        try:
            identifier = id_of(text)
        except ValueError:
            return derived_id(_namespace(source), text)
        if identifier.int >> 76 & 0xF == _VERSION:  # `version` takes longer than all the rest
            return identifier
    return derived_id(_namespace(source), text)


@lru_cache(maxsize=1024)
def _community(text: str) -> UUID:
    return id_of(text)


@lru_cache(maxsize=1024)
def _namespace(source: str) -> UUID:
    return derived_id(NAMESPACE_URL, source)
