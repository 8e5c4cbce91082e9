"""A record as it came from Kafka, whatever it is; kept as bytes so that it can be taken in again later."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from aiokafka import ConsumerRecord

Headers = tuple[tuple[str, bytes | None], ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record; the topic without prefix, `timestamp` Kafka's in ms."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Headers
    value: bytes | None
    timestamp: int

    @property
    def recorded_at(self) -> datetime:
        """Kafka's timestamp; the epoch when the producer wrote nonsense."""
        try:
            return datetime.fromtimestamp(self.timestamp / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return _EPOCH

    @property
    def type(self) -> str | None:
        """What its header says it is, which may be anything."""
        text = dict(self.headers).get("ce_type")
        return storable(text.decode(errors="replace"), 200) if text else None


def incoming_of(
    topic: str, records: "Iterable[ConsumerRecord[bytes | None, bytes | None]]"
) -> list[Incoming]:
    """Take over what the client hands out; `topic` is its name without prefix."""
    return [
        Incoming(topic, one.partition, one.offset, one.key, tuple(one.headers), one.value, one.timestamp)
        for one in records
    ]


def pack_headers(headers: Headers) -> bytes:
    """Write headers as JSON an operator can read; what is no text becomes base64."""
    return orjson.dumps([(name, None if value is None else _as_json(value)) for name, value in headers])


def unpack_headers(packed: bytes) -> Headers:
    """Give back exactly what was packed."""
    return tuple((name, None if value is None else _from_json(value)) for name, value in orjson.loads(packed))


def storable(text: str, limit: int) -> str:
    """Make a stranger's text fit a PostgreSQL column, which takes no NUL."""
    return text[:limit].replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _as_json(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _from_json(value: str | dict[str, str]) -> bytes:
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])
