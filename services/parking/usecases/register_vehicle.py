"""A household registers a vehicle; a community registers many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.parking.domain.plate import masked, read_plate
from services.parking.domain.vehicle import Vehicle, may_have, may_register, next_index
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
    plate, since = read_plate(asked.plate), asked.valid_from or work.now
    await vehicles.one_at_a_time(work.connection, asked.community)
    household = may_register(await households.find(work.connection, asked.community, asked.household))
    may_have(
        plate.text,
        asked.vehicle,
        since,
        await vehicles.who_had(work.connection, asked.community, [plate.text]),
    )
    taken = await vehicles.indexes_of(work.connection, asked.community, [household.id], since)
    vehicle = Vehicle(
        id=asked.vehicle,
        community=asked.community,
        household=household.id,
        plate=plate,
        index=next_index(taken[household.id]),
        valid_from=since,
        registered_at=work.now,
    )
    await enter_vehicles(work, [vehicle])
    return vehicle


async def enter_vehicles(work: Work, registered: Sequence[Vehicle]) -> None:
    """Store vehicles of one community, have their stays looked at anew, and tell of them."""
    await vehicles.add(work.connection, registered)
    since = {each.plate.text: each.valid_from for each in registered}
    await limits.recheck_plates(work.connection, registered[0].community, since)
    for vehicle in registered:
        work.emit(_fact(vehicle), sequence=vehicle.version, community=vehicle.community)


def _fact(vehicle: Vehicle) -> VehicleRegistered:
    return VehicleRegistered(
        vehicle=vehicle.id,
        household=vehicle.household,
        masked_plate=masked(vehicle.plate.text),
        index=vehicle.index,
        valid_from=vehicle.valid_from,
    )
