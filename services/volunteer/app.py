"""Volunteer on one page: what it is made of."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.volunteer.api import duty, volunteers
from services.volunteer.domain.duty import DutyOverlapsError, NotOnDutyError, WrongDutyError
from services.volunteer.domain.volunteer import AlreadyRegisteredError, ConsentMissingError, WrongStateError
from services.volunteer.schedule import SCHEDULE
from services.volunteer.settings import VolunteerSettings
from services.volunteer.store.positions import Said
from services.volunteer.usecases.positions import record_positions
from shared.database.batch import BatchWriter
from shared.database.work import Works
from shared.errors import Handling
from shared.runtime.parts import Context, Parts, Service

ERRORS: dict[type[BaseException], Handling] = {
    ConsentMissingError: Handling(422, "consent-missing", "Nobody is entered without agreeing to it"),
    AlreadyRegisteredError: Handling(409, "already-registered", "The person helps in this capacity already"),
    WrongStateError: Handling(409, "wrong-state", "The volunteer's state does not permit this"),
    WrongDutyError: Handling(422, "wrong-duty", "The times of duty make no sense"),
    DutyOverlapsError: Handling(409, "duty-overlaps", "There is duty in that time already"),
    NotOnDutyError: Handling(409, "not-on-duty", "The volunteer cannot be on duty, or is no longer"),
}


async def compose(_stack: AsyncExitStack, context: Context) -> Parts:
    positions = position_writer(context.works)
    return Parts(
        routers=[duty.routes, duty.said, volunteers.routes],
        schedule=SCHEDULE,
        batches=[positions],
        state={"positions": positions, "clock": context.clock},
    )


def position_writer(works: Works) -> BatchWriter[Said, None]:
    """Make the batch writer through which positions are stored."""

    async def flush(said: Sequence[Said]) -> Sequence[Exception | None]:
        async with works.for_system("positions") as work:
            return await record_positions(work, said)

    return BatchWriter(flush, name="positions")


SERVICE = Service(
    name="volunteer",
    title="Linli volunteer: people who help",
    settings=VolunteerSettings,
    migrations=Path(__file__).parent / "migrations",
    errors=ERRORS,
    compose=compose,
)
