"""Volunteer on one page: what it is made of."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.volunteer.api import (
    beneficiaries,
    calendars,
    claims,
    disputes,
    duty,
    hours,
    links,
    offers,
    recurring_tasks,
    task_kinds,
    tasks,
    volunteers,
)
from services.volunteer.api.events import WATCH
from services.volunteer.domain.claim import NoClaimError, NoPlaceError, NotEligibleError, OverlapError
from services.volunteer.domain.disclosure import NotDisclosedError
from services.volunteer.domain.dispute import DisputedError, WrongDisputeError
from services.volunteer.domain.duty import DutyOverlapsError, NotOnDutyError, WrongDutyError
from services.volunteer.domain.hours import AlreadyCorrectedError
from services.volunteer.domain.kind import WrongKindError
from services.volunteer.domain.link import LinkUsedError, WrongLinkError
from services.volunteer.domain.offer import OfferOverError
from services.volunteer.domain.series import WrongSeriesError
from services.volunteer.domain.task import TaskOverError, WrongTaskError, WrongTimeError
from services.volunteer.domain.volunteer import AlreadyRegisteredError, ConsentMissingError, WrongStateError
from services.volunteer.schedule import ASK, SCHEDULE
from services.volunteer.settings import VolunteerSettings
from services.volunteer.store.positions import Said
from services.volunteer.store.tasks import Question
from services.volunteer.subscriptions import SUBSCRIPTIONS
from services.volunteer.usecases.claim_task import refuse_taken
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
    WrongKindError: Handling(422, "wrong-kind", "The rules of the kind make no sense"),
    WrongTaskError: Handling(422, "wrong-task", "What is asked for makes no sense"),
    WrongSeriesError: Handling(422, "wrong-series", "The rule or its times make no sense"),
    WrongTimeError: Handling(422, "wrong-time", "The promised time does not fit the task"),
    TaskOverError: Handling(409, "task-over", "The task is over"),
    NotEligibleError: Handling(403, "not-eligible", "The volunteer may not take such a task"),
    NoPlaceError: Handling(409, "no-place", "Others were faster"),
    OfferOverError: Handling(409, "offer-over", "The offer is no longer open"),
    OverlapError: Handling(409, "overlap", "The person has promised to be elsewhere then"),
    NoClaimError: Handling(409, "no-claim", "The person holds no such place"),
    NotDisclosedError: Handling(403, "not-disclosed", "At this stage nothing more is shown"),
    AlreadyCorrectedError: Handling(409, "already-corrected", "The entry was corrected before"),
    DisputedError: Handling(409, "disputed", "Staff decide a dispute first"),
    WrongDisputeError: Handling(409, "wrong-dispute", "This cannot be disputed, or decided so"),
    WrongLinkError: Handling(404, "wrong-link", "The link opens nothing"),
    LinkUsedError: Handling(409, "link-used", "The link has been answered"),
}


ROUTERS = (
    *(claims.routes, duty.said, duty.routes, hours.statements, volunteers.routes, beneficiaries.routes),
    *(task_kinds.routes, tasks.routes, claims.mine, offers.asked, offers.routes, hours.routes),
    *(links.made, links.routes, disputes.of_task, disputes.routes),
    *(recurring_tasks.routes, calendars.own, calendars.feeds),
)


async def compose(_stack: AsyncExitStack, context: Context) -> Parts:
    positions, places = position_writer(context.works), place_looker(context.works)
    return Parts(
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        schedule=SCHEDULE,
        watch=WATCH,
        batches=[positions, places],
        state={
            "positions": positions,
            "places": places,
            "clock": context.clock,
            "ask": lambda: context.wake(ASK),
        },
    )


def position_writer(works: Works) -> BatchWriter[Said, None]:
    """Make the batch writer through which positions are stored."""

    async def flush(said: Sequence[Said]) -> Sequence[Exception | None]:
        async with works.for_system("positions") as work:
            return await record_positions(work, said)

    return BatchWriter(flush, name="positions")


def place_looker(works: Works) -> BatchWriter[Question, None]:
    """Make the batch through which claimants learn that a task is full."""

    async def flush(asked: Sequence[Question]) -> Sequence[Exception | None]:
        async with works.for_system("places") as work:
            return await refuse_taken(work, asked)

    return BatchWriter(flush, name="places")


SERVICE = Service(
    name="volunteer",
    title="Linli volunteer: people who help",
    settings=VolunteerSettings,
    migrations=Path(__file__).parent / "migrations",
    errors=ERRORS,
    compose=compose,
)
