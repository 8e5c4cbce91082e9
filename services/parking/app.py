"""Parking on one page: what it is made of."""

from contextlib import AsyncExitStack
from pathlib import Path

from services.parking.api import vehicles
from services.parking.domain.plate import UnreadablePlateError
from services.parking.domain.vehicle import EndedHouseholdError, PlateTakenError, UnknownHouseholdError
from services.parking.schedule import SCHEDULE
from services.parking.settings import ParkingSettings
from services.parking.subscriptions import SUBSCRIPTIONS
from shared.errors import Handling
from shared.runtime.parts import Context, Parts, Service

ERRORS: dict[type[BaseException], Handling] = {
    UnreadablePlateError: Handling(422, "unreadable-plate", "The plate cannot be read"),
    UnknownHouseholdError: Handling(422, "unknown-household", "There is no such household"),
    EndedHouseholdError: Handling(409, "ended-household", "The household has moved out"),
    PlateTakenError: Handling(409, "plate-taken", "The plate is registered already"),
}


async def compose(_stack: AsyncExitStack, _context: Context) -> Parts:
    return Parts(routers=[vehicles.routes], subscriptions=SUBSCRIPTIONS, schedule=SCHEDULE)


SERVICE = Service(
    name="parking",
    title="Linli parking: vehicles of households",
    settings=ParkingSettings,
    migrations=Path(__file__).parent / "migrations",
    errors=ERRORS,
    compose=compose,
)
