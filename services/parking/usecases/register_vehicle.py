"""A household registers a vehicle."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.parking.domain.plate import masked, read_plate
from services.parking.domain.vehicle import PlateTakenError, Vehicle, may_register, next_index
from services.parking.store import households, limits, vehicles
from shared.contracts.parking.vehicle import VehicleRegistered
from shared.database.work import Work


@dataclass(frozen=True, slots=True)
class Registration:
    """What is asked for; `valid_from` None means from now on."""

    vehicle: UUID
    community: UUID
    household: UUID
    plate: str
    valid_from: datetime | None = None


async def register_vehicle(work: Work, asked: Registration) -> Vehicle:
    """Registers a vehicle and tells of it under a masked plate.

    Raises UnreadablePlateError, UnknownHouseholdError, EndedHouseholdError, PlateTakenError.
    """
    plate = read_plate(asked.plate)
    await households.one_at_a_time(work.connection, asked.household)
    household = may_register(await households.find(work.connection, asked.community, asked.household))
    taken = await vehicles.indexes_of(work.connection, asked.community, household.id)
    vehicle = Vehicle(
        id=asked.vehicle,
        community=asked.community,
        household=household.id,
        plate=plate,
        index=next_index(taken),
        valid_from=asked.valid_from or work.now,
        registered_at=work.now,
    )
    if not await vehicles.add(work.connection, vehicle):
        raise PlateTakenError("this plate is registered in this community already")
    await limits.recheck_plate(work.connection, vehicle.community, plate.text, vehicle.valid_from)
    work.emit(_fact(vehicle), sequence=vehicle.version, community=vehicle.community)
    return vehicle


def _fact(vehicle: Vehicle) -> VehicleRegistered:
    return VehicleRegistered(
        vehicle=vehicle.id,
        household=vehicle.household,
        masked_plate=masked(vehicle.plate.text),
        index=vehicle.index,
        valid_from=vehicle.valid_from,
    )
