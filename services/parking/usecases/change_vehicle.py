"""A household's vehicle gets another plate, or is its no more; its index and what was are kept."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.parking.domain.plate import masked, read_plate
from services.parking.domain.vehicle import Vehicle, ended, left_behind, may_have, replated
from services.parking.store import limits, vehicles
from shared.contracts import VehicleEnded, VehiclePlateChanged
from shared.database.work import Work
from shared.errors import NotFound


async def end_vehicle(work: Work, community: UUID, wanted: UUID, at: datetime | None) -> Vehicle:
    """Let a vehicle end, now or at a time; its plate and its index are free from then on.

    Raises NotFound, EndedVehicleError, WrongTimeError.
    """
    vehicle, since = await _current(work, community, wanted)
    return await _end(work, ended(vehicle, at or max(work.now, since), since))


async def end_vehicles_of(work: Work, community: UUID, households: Iterable[UUID]) -> None:
    """Let the vehicles of households that have moved out end now, also those that were to end later."""
    await vehicles.one_at_a_time(work.connection, community)
    for vehicle in await vehicles.of_households(work.connection, community, list(households), work.now):
        await _end(work, left_behind(vehicle, work.now))


async def change_plate(work: Work, community: UUID, wanted: UUID, given: str, at: datetime | None) -> Vehicle:
    """Give a vehicle another plate, from now or from a time on.

    Raises NotFound, UnreadablePlateError, EndedVehicleError, PlateTakenError, WrongTimeError.
    """
    plate = read_plate(given)
    vehicle, since = await _current(work, community, wanted)
    begins = at or max(work.now, since)
    may_have(plate.text, vehicle.id, begins, await vehicles.who_had(work.connection, community, [plate.text]))
    changed = replated(vehicle, plate, begins, since)
    await vehicles.change(work.connection, changed, begins)
    since_then = {vehicle.plate.text: begins, plate.text: begins}
    await limits.recheck_plates(work.connection, community, since_then)
    fact = VehiclePlateChanged(
        vehicle=vehicle.id,
        household=vehicle.household,
        masked_plate=masked(plate.text),
        index=vehicle.index,
        valid_from=begins,
    )
    work.emit(fact, sequence=changed.version, community=community)
    return changed


async def _current(work: Work, community: UUID, wanted: UUID) -> tuple[Vehicle, datetime]:
    """A vehicle, and since when it has its plate."""
    await vehicles.one_at_a_time(work.connection, community)
    vehicle = await vehicles.find(work.connection, community, wanted)
    if vehicle is None:
        raise NotFound("no such vehicle")
    return vehicle, (await vehicles.plates_of(work.connection, community, wanted))[-1].since


async def _end(work: Work, vehicle: Vehicle) -> Vehicle:
    until = vehicle.valid_until
    assert until is not None
    await vehicles.change(work.connection, vehicle, until)
    had = await vehicles.plates_of(work.connection, vehicle.community, vehicle.id)
    since_then = {each.plate.text: until for each in had}
    await limits.recheck_plates(work.connection, vehicle.community, since_then)
    fact = VehicleEnded(
        vehicle=vehicle.id,
        household=vehicle.household,
        masked_plate=masked(vehicle.plate.text),
        index=vehicle.index,
        valid_until=until,
    )
    work.emit(fact, sequence=vehicle.version, community=vehicle.community)
    return vehicle
