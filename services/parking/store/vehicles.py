"""Vehicles of households, and every plate they have or had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.parking.domain.plate import Plate, PlateKind
from services.parking.domain.vehicle import Had, Vehicle
from shared.database.work import Connection

_COLUMNS = """
id, community_id, household_id, plate_given, plate, plate_kind, plate_suggestion, index, valid_from,
registered_at, version, valid_until
"""
_ADD = f"""
INSERT INTO vehicles ({_COLUMNS})
SELECT *, NULL FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                           $8::integer[], $9::timestamptz[], $10::timestamptz[], $11::bigint[])
"""  # noqa: S608
_HAS = """
INSERT INTO vehicle_plates (vehicle_id, version, community_id, plate_given, plate, plate_kind,
                            plate_suggestion, since)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::timestamptz[])
"""
_CHANGE = """
UPDATE vehicles SET plate_given = $3, plate = $4, plate_kind = $5, plate_suggestion = $6, valid_until = $7,
    version = $8
WHERE community_id = $1 AND id = $2
"""
_HAD_UNTIL = """
UPDATE vehicle_plates SET until = greatest(since, $3)
WHERE community_id = $1 AND vehicle_id = $2 AND (until IS NULL OR until > $3)
"""
_HAD = """
SELECT had.vehicle_id, household_id, had.plate, had.since, had.until
FROM vehicle_plates had JOIN vehicles ON vehicles.id = had.vehicle_id AND vehicles.community_id = $1
WHERE had.community_id = $1 AND had.plate = ANY($2::text[])
"""
_HISTORY = """
SELECT plate_given, plate, plate_kind, plate_suggestion, since, until FROM vehicle_plates
WHERE community_id = $1 AND vehicle_id = $2 ORDER BY version
"""
_OF_HOUSEHOLDS = f"""
SELECT {_COLUMNS} FROM vehicles
WHERE community_id = $1 AND household_id = ANY($2::uuid[]) AND (valid_until IS NULL OR valid_until > $3)
ORDER BY id
"""  # noqa: S608
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('vehicles ' || $1::uuid::text, 0))"
_FIND = f"SELECT {_COLUMNS} FROM vehicles WHERE community_id = $1 AND id = $2"  # noqa: S608
_INDEXES = """
SELECT household_id, index FROM vehicles
WHERE community_id = $1 AND household_id = ANY($2::uuid[]) AND (valid_until IS NULL OR valid_until > $3)
"""
# Ids are UUIDv7: their order is that of registration, and the newest come first.
_LIST = f"""
SELECT {_COLUMNS} FROM vehicles
WHERE community_id = $1
  AND ($2::uuid IS NULL OR household_id = $2)
  AND ($3::text IS NULL OR plate = $3)
  AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class HadPlate:
    """One of a vehicle's plates and when it had it."""

    plate: Plate
    since: datetime
    until: datetime | None


async def one_at_a_time(connection: Connection, community: UUID) -> None:
    """Let no other transaction register or change vehicles of this community until this one ends.

    So every plate stands for one of them at any time, and no household has an index twice.
    """
    await connection.execute(_LOCK, community)


async def add(connection: Connection, vehicles: Sequence[Vehicle]) -> None:
    """Store new vehicles with their plates."""
    await connection.execute(
        _ADD,
        [each.id for each in vehicles],
        [each.community for each in vehicles],
        [each.household for each in vehicles],
        [each.plate.given for each in vehicles],
        [each.plate.text for each in vehicles],
        [each.plate.kind.value for each in vehicles],
        [each.plate.suggestion for each in vehicles],
        [each.index for each in vehicles],
        [each.valid_from for each in vehicles],
        [each.registered_at for each in vehicles],
        [each.version for each in vehicles],
    )
    await _has(connection, [(each, each.valid_from) for each in vehicles])


async def change(connection: Connection, vehicle: Vehicle, at: datetime) -> None:
    """Store a vehicle as it is from `at` on: ended, or with another plate."""
    plate = vehicle.plate
    await connection.execute(_HAD_UNTIL, vehicle.community, vehicle.id, at)
    await connection.execute(
        _CHANGE,
        vehicle.community,
        vehicle.id,
        plate.given,
        plate.text,
        plate.kind.value,
        plate.suggestion,
        vehicle.valid_until,
        vehicle.version,
    )
    if vehicle.valid_until is None:
        await _has(connection, [(vehicle, at)])


async def _has(connection: Connection, since: Sequence[tuple[Vehicle, datetime]]) -> None:
    await connection.execute(
        _HAS,
        [each.id for each, _ in since],
        [each.version for each, _ in since],
        [each.community for each, _ in since],
        [each.plate.given for each, _ in since],
        [each.plate.text for each, _ in since],
        [each.plate.kind.value for each, _ in since],
        [each.plate.suggestion for each, _ in since],
        [at for _, at in since],
    )


async def who_had(connection: Connection, community: UUID, plates: Sequence[str]) -> list[Had]:
    """Every vehicle of a community that has or had one of these plates."""
    return [Had(*row) for row in await connection.fetch(_HAD, community, plates)]


async def plates_of(connection: Connection, community: UUID, vehicle: UUID) -> list[HadPlate]:
    """A vehicle's plates, the first one first."""
    rows = await connection.fetch(_HISTORY, community, vehicle)
    return [HadPlate(Plate(row[0], row[1], PlateKind(row[2]), row[3]), row[4], row[5]) for row in rows]


async def of_households(
    connection: Connection, community: UUID, households: Sequence[UUID], since: datetime
) -> list[Vehicle]:
    """The vehicles that these households have then or later."""
    return [_vehicle(row) for row in await connection.fetch(_OF_HOUSEHOLDS, community, households, since)]


async def find(connection: Connection, community: UUID, vehicle: UUID) -> Vehicle | None:
    """One vehicle of a community."""
    row = await connection.fetchrow(_FIND, community, vehicle)
    return None if row is None else _vehicle(row)


async def indexes_of(
    connection: Connection, community: UUID, households: Sequence[UUID], since: datetime
) -> dict[UUID, set[int]]:
    """Which indexes the vehicles of households have then or later."""
    found: dict[UUID, set[int]] = {household: set() for household in households}
    for household, index in await connection.fetch(_INDEXES, community, households, since):
        found[household].add(index)
    return found


async def list_newest(
    connection: Connection,
    community: UUID,
    *,
    household: UUID | None,
    plate: str | None,
    before: UUID | None,
    most: int,
) -> Sequence[Vehicle]:
    """A community's vehicles behind the one called `before`, newest first; `plate` in its normal form."""
    rows = await connection.fetch(_LIST, community, household, plate, before, most)
    return [_vehicle(row) for row in rows]


def _vehicle(row: "asyncpg.Record") -> Vehicle:
    kind = PlateKind(row["plate_kind"])
    return Vehicle(
        id=row["id"],
        community=row["community_id"],
        household=row["household_id"],
        plate=Plate(row["plate_given"], row["plate"], kind, row["plate_suggestion"]),
        index=row["index"],
        valid_from=row["valid_from"],
        registered_at=row["registered_at"],
        version=row["version"],
        valid_until=row["valid_until"],
    )
