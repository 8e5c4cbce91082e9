"""The command room's board: what is open and how long it has stood there, and how full the compounds are."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.responses import Response

from services.parking.api.violation_views import ViolationSummary, summary_of
from services.parking.domain.occupancy import Knowledge, Occupancy
from services.parking.domain.violation_sight import Sight
from services.parking.store import shown_violations
from services.parking.store.shown_violations import Standing
from services.parking.store.violations import Violation
from services.parking.usecases.count_cars import count_cars
from shared.database.work import Work
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/board", "violations")

MOST_OPEN = 1000


class OccupancyView(BaseModel):
    """How many cars are in, as far as the gates have said."""

    compound: UUID
    name: str | None
    state: Knowledge = Field(
        description="`provisional`: a gate is silent; `unknown`: all are, or nothing was stated."
    )
    cars: int | None = Field(description="None while unknown.")
    overstays: int | None = Field(description="How many of them stay longer than they may.")
    spaces: int | None
    as_of: datetime | None = Field(description="Up to when every read is known.")


class StandingView(BaseModel):
    """How many open cases of a kind stand at one step."""

    kind: str
    step: int
    action: str
    cases: int
    late: int
    longest_seconds: int = Field(description="How long the oldest of them has stood at this step.")


class BoardView(BaseModel):
    """What the command room looks at."""

    as_of: datetime
    open: int
    late: int
    standing: list[StandingView]
    cases: list[ViolationSummary] = Field(
        description="Late ones first, then the longest; 1,000 at most, while the counts are of all."
    )
    compounds: list[OccupancyView]


@routes.get("", response_model=BoardView)
@allow(Role.property, Role.operator, Role.guard)
async def board(call: Requested) -> Response:
    """Show the board: open cases with the time in their step, late ones, and the compounds' occupancy."""

    async def use_case(work: Work) -> BoardView:
        found = await shown_violations.list_open(work.connection, call.community, work.now, MOST_OPEN)
        standing = await shown_violations.standing(work.connection, call.community, work.now)
        return _board(found, standing, await count_cars(work, call.community), work.now)

    return answered(await call.read(use_case))


def occupancy_view(found: Occupancy) -> OccupancyView:
    """Show how full a compound is."""
    return OccupancyView(
        compound=found.compound,
        name=found.name,
        state=found.state,
        cars=found.cars,
        overstays=found.overstays,
        spaces=found.spaces,
        as_of=found.as_of,
    )


def _board(
    found: Iterable[Violation], standing: Sequence[Standing], compounds: Iterable[Occupancy], now: datetime
) -> BoardView:
    return BoardView(
        as_of=now,
        open=sum(each.cases for each in standing),
        late=sum(each.late for each in standing),
        standing=[_standing(each, now) for each in standing],
        cases=[summary_of(violation, Sight.full, now) for violation in found],
        compounds=[occupancy_view(each) for each in compounds],
    )


def _standing(found: Standing, now: datetime) -> StandingView:
    return StandingView(
        kind=found.kind,
        step=found.step,
        action=found.action,
        cases=found.cases,
        late=found.late,
        longest_seconds=max(0, int((now - found.since).total_seconds())),
    )
