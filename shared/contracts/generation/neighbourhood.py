"""One invented neighbourhood, from which all examples are made: its ids, its people, its morning."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.fact import Fact
from shared.contracts.generation.record import Example

MORNING = datetime.fromisoformat("2026-03-02T08:15:30+08:00")


def made_id(name: str) -> UUID:
    """A UUIDv7 of the example's morning that is the same in every run, one per name."""
    random = int.from_bytes(sha256(name.encode()).digest()[:10], "big")
    milliseconds = int(MORNING.timestamp() * 1000)
    value = milliseconds << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


COMMUNITY, COMPOUND, BUILDING, UNIT = (
    made_id(name) for name in ("community", "compound", "building", "unit")
)
CASE, HOUSEHOLD, GRANT = made_id("case"), made_id("household"), made_id("grant")
RESIDENT, RIDER, GUARD = "p-7f3a19c2", "p-51d0be84", "p-c09e6612"


def example(summary: str, fact: Fact, sequence: int = 1, **envelope: Any) -> Example:
    """Make an example that is the same in every run."""
    name = f"{fact.event_type} {summary}"
    trace = sha256(name.encode()).hexdigest()
    known: dict[str, Any] = {"time": MORNING, "traceparent": f"00-{trace[:32]}-{trace[32:48]}-01"} | envelope
    event = Event(
        id=made_id(name),
        source=f"/linli/{fact.producer}",
        community=COMMUNITY,
        sequence=sequence,
        data=fact,
        **known,
    )
    return Example(summary, event)
