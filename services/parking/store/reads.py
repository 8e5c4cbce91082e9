"""Reads as they were received; none is ever changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.parking.domain.plate import Plate
from services.parking.domain.stays import GateRead
from shared.database.work import Connection

_ADD = """
INSERT INTO reads (device_id, id, community_id, compound_id, role, plate_given, plate, plate_kind,
                   plate_suggestion, confidence, captured_at, sent_at, received_at, at, clamped)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::real[], $11::timestamptz[], $12::timestamptz[],
                     $13::timestamptz[], $14::timestamptz[], $15::boolean[])
ON CONFLICT (device_id, id) DO NOTHING
RETURNING device_id, id
"""
# A stay depends on the reads around it alone: from the car's last stay that began before the first new read.
_SINCE = """
SELECT car.compound_id, car.plate, read.at, read.role, read.device_id, read.id
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS car (compound_id, plate, since)
CROSS JOIN LATERAL (
    SELECT coalesce(max(begins_at), '-infinity') AS begins_at FROM stays
    WHERE stays.compound_id = car.compound_id AND stays.plate = car.plate AND stays.begins_at < car.since
) AS start
JOIN reads read ON read.compound_id = car.compound_id AND read.plate = car.plate
               AND read.at >= start.begins_at AND read.role <> 'patrol'
"""

Car = tuple[UUID, str]
"""A compound and a plate in its normal form."""


@dataclass(frozen=True, slots=True)
class Read:
    """One read as received; `at` is when it is believed to have happened."""

    device: UUID
    id: str
    community: UUID
    compound: UUID
    role: str
    plate: Plate
    confidence: float | None
    captured_at: datetime
    sent_at: datetime
    received_at: datetime
    at: datetime
    clamped: bool


async def add(connection: Connection, reads: Sequence[Read]) -> set[tuple[UUID, str]]:
    """Store reads and give the (device, read id) of those that are new."""
    rows = await connection.fetch(
        _ADD,
        [read.device for read in reads],
        [read.id for read in reads],
        [read.community for read in reads],
        [read.compound for read in reads],
        [read.role for read in reads],
        [read.plate.given for read in reads],
        [read.plate.text for read in reads],
        [read.plate.kind.value for read in reads],
        [read.plate.suggestion for read in reads],
        [read.confidence for read in reads],
        [read.captured_at for read in reads],
        [read.sent_at for read in reads],
        [read.received_at for read in reads],
        [read.at for read in reads],
        [read.clamped for read in reads],
    )
    return {(row["device_id"], row["id"]) for row in rows}


async def around(connection: Connection, cars: Mapping[Car, datetime]) -> dict[Car, list[GateRead]]:
    """The gate reads of cars from their last stay that began before the given time on."""
    rows = await connection.fetch(
        _SINCE, [compound for compound, _ in cars], [plate for _, plate in cars], list(cars.values())
    )
    found: dict[Car, list[GateRead]] = {car: [] for car in cars}
    for compound, plate, at, role, device, read in rows:
        found[compound, plate].append(GateRead(at, role == "exit", device, read))
    return found
