"""Recurring tasks: rules of RFC 5545 in local time, whose times become tasks one by one."""

from datetime import datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from services.volunteer.api.access import In, Moment, own
from services.volunteer.api.tasks import AskIn
from services.volunteer.domain.series import Series
from services.volunteer.store import series
from services.volunteer.store.series import Occurrence
from services.volunteer.usecases.recurring_tasks import (
    Recurring,
    Shown,
    end_series,
    except_time,
    show_series,
    start_series,
)
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import members

routes = router("/recurring-tasks", "tasks")


class RecurIn(AskIn):
    """What is asked for again and again; `starts_at` is the first time, and one of the rule's."""

    starts_at: Moment
    ends_at: None = Field(None, description="Not here: each has its window")
    rule: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        examples=["FREQ=WEEKLY;BYDAY=TU,FR;COUNT=24"],
        description="An RRULE: daily or less often, for five years at most; COUNT, UNTIL, or neither",
    )
    window_minutes: int | None = Field(None, ge=1, le=44640, description="None: as long as its kind says")
    ahead_hours: int = Field(72, ge=1, le=336, description="How long before its time a task is opened")
    exceptions: list[Moment] = Field([], max_length=100, description="Times that are left out")

    def wish(self, ident: UUID, community: UUID) -> Recurring:
        """The request as the use case takes it."""
        return Recurring(
            ask=self.ask(ident, community),
            first=self.starts_at,
            rule=self.rule,
            ahead=timedelta(hours=self.ahead_hours),
            exceptions=self.exceptions,
            window_minutes=self.window_minutes,
        )


class ExceptIn(In):
    """Which time is left out."""

    starts_at: Moment


class SeriesView(BaseModel):
    """A series as who asked and staff see it."""

    id: UUID
    kind: str
    rule: str
    zone: str
    first: str = Field(description="By the clock on the wall", examples=["2026-12-01T09:00:00"])
    window_minutes: int
    next_at: datetime | None = Field(description="The next time that is to become a task")
    ended_at: datetime | None
    version: int

    @classmethod
    def of(cls, found: Series) -> Self:
        """Show a series."""
        return cls(
            id=found.id,
            kind=found.kind,
            rule=found.rule,
            zone=found.zone,
            first=found.first_local.isoformat(),
            window_minutes=found.window // timedelta(minutes=1),
            next_at=found.next_at,
            ended_at=found.ended_at,
            version=found.version,
        )


class OccurrenceView(BaseModel):
    """A time that has become a task, or was left out."""

    starts_at: datetime
    task: UUID | None
    excepted: bool

    @classmethod
    def of(cls, each: Occurrence) -> Self:
        """Show what became of a time."""
        return cls(starts_at=each.starts_at, task=each.task, excepted=each.excepted)


class WholeSeriesView(SeriesView):
    """A series with its times from now on."""

    settled: list[OccurrenceView] = Field(description="What is a task already, or left out")
    upcoming: list[datetime] = Field(description="The next ones of the others")

    @classmethod
    def all_of(cls, shown: Shown) -> Self:
        """Show a series and its times."""
        return cls(
            **SeriesView.of(shown.series).model_dump(),
            settled=[OccurrenceView.of(each) for each in shown.occurrences],
            upcoming=list(shown.upcoming),
        )


@routes.post("", status_code=201, response_model=WholeSeriesView)
@members()
async def ask_for_many(body: RecurIn, call: Requested) -> Response:
    """Ask for help again and again: for oneself or one's family, or as staff; each time is a task."""
    wish = body.wish(new_id(), call.community)
    return await call.write(
        lambda work: start_series(work, wish, only_of=own(call)),
        WholeSeriesView.all_of,
        status=201,
        location=lambda shown: f"/recurring-tasks/{shown.series.id}",
    )


@routes.get("", response_model=Page[SeriesView])
@members()
async def list_series(call: Requested, paging: Paged) -> Page[SeriesView]:
    """List recurring tasks, the newest first: one's own; staff see all."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: series.list_newest(
            work.connection,
            call.community,
            asked_by=own(call),
            before=after[0] if after else None,
            most=paging.limit + 1,
        )
    )
    return paging.page(found, SeriesView.of, lambda each: (each.id,))


@routes.get("/{series_id}", response_model=WholeSeriesView)
@members()
async def read_series(series_id: UUID, call: Requested) -> Response:
    """Read a recurring task, with its times from now on: who asked, and staff."""
    shown = await call.read(lambda work: show_series(work, call.community, series_id, only_of=own(call)))
    return answered(WholeSeriesView.all_of(shown), version=shown.series.version)


@routes.post("/{series_id}/exceptions", response_model=WholeSeriesView)
@members()
async def leave_out(series_id: UUID, body: ExceptIn, call: Requested) -> Response:
    """Leave one time out; if it is a task already, that is not needed any more."""
    return await call.write(
        lambda work: except_time(work, call.community, series_id, body.starts_at, only_of=own(call)),
        WholeSeriesView.all_of,
    )


@routes.post("/{series_id}/end", response_model=WholeSeriesView)
@members()
async def end(series_id: UUID, call: Requested) -> Response:
    """Ask for no more; what is a task already and has not begun is not needed any more."""
    return await call.write(
        lambda work: end_series(work, call.community, series_id, only_of=own(call)), WholeSeriesView.all_of
    )
