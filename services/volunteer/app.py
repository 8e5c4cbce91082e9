"""Volunteer on one page: what it is made of."""

from contextlib import AsyncExitStack
from pathlib import Path

from services.volunteer.api import volunteers
from services.volunteer.domain.volunteer import AlreadyRegisteredError, ConsentMissingError, WrongStateError
from services.volunteer.schedule import SCHEDULE
from services.volunteer.settings import VolunteerSettings
from shared.errors import Handling
from shared.runtime.parts import Context, Parts, Service

ERRORS: dict[type[BaseException], Handling] = {
    ConsentMissingError: Handling(422, "consent-missing", "Nobody is entered without agreeing to it"),
    AlreadyRegisteredError: Handling(409, "already-registered", "The person helps in this capacity already"),
    WrongStateError: Handling(409, "wrong-state", "The volunteer's state does not permit this"),
}


async def compose(_stack: AsyncExitStack, _context: Context) -> Parts:
    return Parts(routers=[volunteers.routes], schedule=SCHEDULE)


SERVICE = Service(
    name="volunteer",
    title="Linli volunteer: people who help",
    settings=VolunteerSettings,
    migrations=Path(__file__).parent / "migrations",
    errors=ERRORS,
    compose=compose,
)
