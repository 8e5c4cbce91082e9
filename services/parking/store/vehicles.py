"""Vehicles of households."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.parking.domain.plate import Plate, PlateKind
from services.parking.domain.vehicle import Vehicle
from shared.database.work import Connection

_COLUMNS = """
id, community_id, household_id, plate_given, plate, plate_kind, plate_suggestion, index, valid_from,
registered_at, version
"""
_ADD = f"""
INSERT INTO vehicles ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (community_id, plate) WHERE valid_until IS NULL DO NOTHING RETURNING id
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM vehicles WHERE community_id = $1 AND id = $2"  # noqa: S608
_INDEXES = "SELECT index FROM vehicles WHERE community_id = $1 AND household_id = $2"
# Ids are UUIDv7: their order is that of registration, and the newest come first.
_LIST = f"""
SELECT {_COLUMNS} FROM vehicles
WHERE community_id = $1
  AND ($2::uuid IS NULL OR household_id = $2)
  AND ($3::text IS NULL OR plate = $3)
  AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""  # noqa: S608


async def add(connection: Connection, vehicle: Vehicle) -> bool:
    """Stores a new vehicle; False when its plate stands for another one of the community."""
    plate = vehicle.plate
    added = await connection.fetchval(
        _ADD,
        vehicle.id,
        vehicle.community,
        vehicle.household,
        plate.given,
        plate.text,
        plate.kind.value,
        plate.suggestion,
        vehicle.index,
        vehicle.valid_from,
        vehicle.registered_at,
        vehicle.version,
    )
    return added is not None


async def find(connection: Connection, community: UUID, vehicle: UUID) -> Vehicle | None:
    """One vehicle of a community."""
    row = await connection.fetchrow(_FIND, community, vehicle)
    return None if row is None else _vehicle(row)


async def indexes_of(connection: Connection, community: UUID, household: UUID) -> set[int]:
    """Which indexes a household's vehicles have."""
    rows = await connection.fetch(_INDEXES, community, household)
    return {row["index"] for row in rows}


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
    )
