"""Reads as they were received; none is ever changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.parking.domain.plate import Plate
from services.parking.domain.stays import GateRead
from shared.database.work import Connection

# What reads of one delivery share is sent once, and what says nothing new not at all: the driver's work on
# each value is a good part of what a read costs. Elements of fixed length are found without a search.
_ADD = """
WITH added AS (
    INSERT INTO reads (device_id, id, community_id, compound_id, role, plate_given, plate, plate_kind,
                       plate_suggestion, confidence, captured_at, sent_at, received_at, at, clamped)
    SELECT ($10::uuid[])[delivery], id, ($11::uuid[])[delivery], ($12::uuid[])[delivery],
           ($13::text[])[delivery],
           coalesce(plate_given, plate), plate, plate_kind, plate_suggestion, confidence,
           coalesce(captured_at, at), ($14::timestamptz[])[delivery],
           ($15::timestamptz[])[delivery], at, clamped
    FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::real[],
                $8::timestamptz[], $9::timestamptz[], $16::boolean[])
         AS read (delivery, id, plate_given, plate, plate_kind, plate_suggestion, confidence, captured_at, at,
                  clamped)
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


async def add(connection: Connection, reads: Sequence[Read]) -> set[tuple[UUID, str]]:
    """Store reads and give the (device, read id) of those that are new."""
    numbers: dict[tuple[UUID, datetime, datetime], int] = {}
    deliveries: list[Read] = []
    of_delivery: list[int] = []
    for read in reads:
        number = numbers.setdefault((read.device, read.sent_at, read.received_at), len(deliveries) + 1)
        if number > len(deliveries):
            deliveries.append(read)
        of_delivery.append(number)
    rows = await connection.fetch(
        _ADD,
        of_delivery,
        [read.id for read in reads],
        [None if read.plate.given == read.plate.text else read.plate.given for read in reads],
        [read.plate.text for read in reads],
        [read.plate.kind.value for read in reads],
        [read.plate.suggestion for read in reads],
        [read.confidence for read in reads],
        [None if read.captured_at == read.at else read.captured_at for read in reads],
        [read.at for read in reads],
        [each.device for each in deliveries],
        [each.community for each in deliveries],
        [each.compound for each in deliveries],
        [each.role for each in deliveries],
        [each.sent_at for each in deliveries],
        [each.received_at for each in deliveries],
        [read.clamped for read in reads],
    )
    return {(device, read) for device, found in rows for read in found}


async def around(connection: Connection, cars: Mapping[Car, datetime]) -> dict[Car, list[GateRead]]:
    """The gate reads of cars from their last stay that began before the given time on."""
    rows = await connection.fetch(
        _SINCE, [compound for compound, _ in cars], [plate for _, plate in cars], list(cars.values())
    )
    found: dict[Car, list[GateRead]] = {car: [] for car in cars}
    for compound, plate, at, role, device, read in rows:
        found[compound, plate].append(GateRead(at, role == "exit", device, read))
    return found
