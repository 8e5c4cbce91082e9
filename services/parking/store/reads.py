"""Reads as they were received; none is ever changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.parking.domain.plate import Plate
from services.parking.domain.stays import GateRead
from shared.database.rows import as_json
from shared.database.work import Connection

# What reads of one delivery share is sent once, and what says nothing new not at all. Rows travel as JSON:
# arrays for unnest cost asyncpg twice as much in this process.
_ADD = """
WITH deliveries AS MATERIALIZED (
    SELECT * FROM json_to_recordset(convert_from($2, 'UTF8')::json) AS one (
        number integer, device_id uuid, community_id uuid, compound_id uuid, role text,
        sent_at timestamptz, received_at timestamptz)
), added AS (
    INSERT INTO reads (device_id, id, community_id, compound_id, role, plate_given, plate, plate_kind,
                       plate_suggestion, confidence, captured_at, sent_at, received_at, at, clamped)
    SELECT device_id, id, community_id, compound_id, role, coalesce(given, plate), plate, kind, suggestion,
           confidence, coalesce(captured_at, at), sent_at, received_at, at, coalesce(clamped, false)
    FROM json_to_recordset(convert_from($1, 'UTF8')::json) AS read (
        delivery integer, id text, given text, plate text, kind text, suggestion text, confidence real,
        captured_at timestamptz, at timestamptz, clamped boolean)
    JOIN deliveries ON number = delivery
    ON CONFLICT (device_id, id) DO NOTHING
    RETURNING device_id, id
)
SELECT device_id, array_agg(id) FROM added GROUP BY device_id
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


class Read(NamedTuple):
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


async def add(connection: Connection, reads: Sequence[Read]) -> dict[UUID, set[str]]:
    """Store reads and give the ids of those that are new, by device."""
    numbers: dict[tuple[UUID, datetime, datetime], int] = {}
    deliveries: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for read in reads:
        number = numbers.setdefault((read.device, read.sent_at, read.received_at), len(deliveries))
        if number == len(deliveries):
            deliveries.append(_delivery(number, read))
        rows.append(_row(number, read))
    found = await connection.fetch(_ADD, as_json(rows), as_json(deliveries))
    return {device: set(added) for device, added in found}


def _delivery(number: int, read: Read) -> dict[str, Any]:
    return {
        "number": number,
        "device_id": read.device,
        "community_id": read.community,
        "compound_id": read.compound,
        "role": read.role,
        "sent_at": read.sent_at,
        "received_at": read.received_at,
    }


def _row(number: int, read: Read) -> dict[str, Any]:
    plate = read.plate
    row = {
        "delivery": number,
        "id": read.id,
        "plate": plate.text,
        "kind": plate.kind,
        "confidence": read.confidence,
        "at": read.at,
    }
    if plate.given != plate.text:
        row["given"] = plate.given
    if plate.suggestion is not None:
        row["suggestion"] = plate.suggestion
    if read.captured_at != read.at:
        row["captured_at"] = read.captured_at
    if read.clamped:
        row["clamped"] = True
    return row


async def around(connection: Connection, cars: Mapping[Car, datetime]) -> dict[Car, list[GateRead]]:
    """The gate reads of cars from their last stay that began before the given time on."""
    rows = await connection.fetch(
        _SINCE, [compound for compound, _ in cars], [plate for _, plate in cars], list(cars.values())
    )
    found: dict[Car, list[GateRead]] = {car: [] for car in cars}
    for compound, plate, at, role, device, read in rows:
        found[compound, plate].append(GateRead(at, role == "exit", device, read))
    return found
