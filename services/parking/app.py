"""Parking on one page: what it is made of."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.parking.api import (
    board,
    compounds,
    devices,
    passes,
    reads,
    rules,
    sightings,
    stays,
    vehicle_files,
    vehicles,
    violation_kinds,
    violations,
    zones,
)
from services.parking.api.events import WATCH
from services.parking.domain.compounds import ClosedCompoundError, UnknownCompoundError, UnknownZoneError
from services.parking.domain.hours import WrongHoursError
from services.parking.domain.limits import WrongLimitError
from services.parking.domain.plate import UnreadablePlateError
from services.parking.domain.vehicle import (
    EndedHouseholdError,
    EndedVehicleError,
    PlateTakenError,
    UnknownHouseholdError,
    WrongTimeError,
)
from services.parking.domain.vehicle_rows import BadFileError
from services.parking.domain.violation import ClearedError, OwnCarError
from services.parking.domain.violation_kind import UnknownKindError, WrongStepsError
from services.parking.schedule import JUDGE, SCHEDULE
from services.parking.settings import ParkingSettings
from services.parking.subscriptions import SUBSCRIPTIONS
from services.parking.usecases.delivery_writers import DeliveryWriters
from services.parking.usecases.known_devices import KnownDevices
from services.parking.usecases.record_reads import Delivery, Taken, record_reads
from shared.database.batch import BatchWriter
from shared.errors import Handling
from shared.runtime.parts import Context, Parts, Service

ERRORS: dict[type[BaseException], Handling] = {
    UnreadablePlateError: Handling(422, "unreadable-plate", "The plate cannot be read"),
    UnknownHouseholdError: Handling(422, "unknown-household", "There is no such household"),
    EndedHouseholdError: Handling(409, "ended-household", "The household has moved out"),
    EndedVehicleError: Handling(409, "ended-vehicle", "The vehicle is its household's no more"),
    WrongTimeError: Handling(422, "wrong-time", "That cannot be from then on"),
    BadFileError: Handling(422, "bad-file", "The file cannot be read"),
    PlateTakenError: Handling(409, "plate-taken", "The plate is registered already"),
    UnknownCompoundError: Handling(422, "unknown-compound", "There is no such compound"),
    UnknownZoneError: Handling(422, "unknown-zone", "The compound has no such zone"),
    ClosedCompoundError: Handling(409, "closed-compound", "The compound was closed"),
    WrongHoursError: Handling(422, "wrong-hours", "The hours contradict themselves"),
    WrongLimitError: Handling(422, "wrong-limit", "The rule or pass contradicts itself"),
    UnknownKindError: Handling(422, "unknown-kind", "The compound has no such kind of violation"),
    WrongStepsError: Handling(422, "wrong-steps", "The steps contradict themselves"),
    ClearedError: Handling(409, "cleared", "The violation is over"),
    OwnCarError: Handling(403, "own-car", "Somebody else must look"),
}

ROUTERS = (
    *(vehicle_files.routes, vehicles.routes, devices.routes, reads.routes, compounds.routes),
    *(rules.routes, zones.routes),
    *(passes.routes, stays.routes, stays.overstay_routes),
    *(sightings.routes, violations.routes, violation_kinds.routes, board.routes),
)
# A delivery may hold a thousand reads, each of them a row and a car to fold.
DELIVERIES_AT_ONCE = 64
WRITERS = 2


async def compose(_stack: AsyncExitStack, context: Context) -> Parts:
    deliveries = [delivery_writer(context, number) for number in range(WRITERS)]
    return Parts(
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        schedule=SCHEDULE,
        watch=WATCH,
        batches=deliveries,
        state={
            "clock": context.clock,
            "deliveries": DeliveryWriters(deliveries),
            "devices": KnownDevices(context.works),
        },
    )


def delivery_writer(context: Context, number: int) -> BatchWriter[Delivery, Taken]:
    """Make a batch writer through which reads are stored; what came due is judged right after it."""

    async def flush(deliveries: Sequence[Delivery]) -> Sequence[Taken]:
        async with context.works.for_system("/linli/parking/reads") as work:
            work.after_commit(lambda: context.wake(JUDGE))
            return await record_reads(work, deliveries)

    return BatchWriter(flush, name=f"reads {number}", most=DELIVERIES_AT_ONCE)


SERVICE = Service(
    name="parking",
    title="Linli parking: gates, stays and vehicles of households",
    settings=ParkingSettings,
    migrations=Path(__file__).parent / "migrations",
    errors=ERRORS,
    compose=compose,
)
