"""Calendars of what one has promised: read by oneself, or by a calendar's own feed, whose secret it has.

A calendar sends no headers, so the secret stands in the query, which nobody logs.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.volunteer.usecases.duty_calendar import close_feed, open_feed, own_calendar, read_feed
from shared.database.work import Works
from shared.http.call import Requested
from shared.http.routing import router
from shared.security.policy import members, public

own = router("/volunteers/{volunteer_id}", "calendars")
feeds = router("/calendar.ics", "calendars")
_ICS = "text/calendar; charset=utf-8"
_CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {"description": "A calendar", "content": {"text/calendar": {"schema": {"type": "string"}}}}
}


class FeedView(BaseModel):
    """A new feed; its address is told now and never again."""

    path: str = Field(description="To be put behind this service's address, and given to a calendar")


class ClosedView(BaseModel):
    """Whether a feed was open."""

    closed: bool


@own.get("/calendar.ics", response_class=Response, responses=_CALENDAR)
@members()
async def read_own(volunteer_id: UUID, call: Requested) -> Response:
    """Read what one has promised as a calendar: kinds and times, neither names nor doors."""
    content = await call.read(lambda work: own_calendar(work, call.community, volunteer_id))
    return Response(content, media_type=_ICS, headers={"Cache-Control": "no-store"})


@own.post("/calendar", status_code=201, response_model=FeedView)
@members()
async def open_own(volunteer_id: UUID, call: Requested) -> Response:
    """Open a feed of one's calendar; the one before is closed.

    An `Idempotency-Key` is not used here, since answers are kept under it and secrets are not: who repeats
    the request has another feed instead.
    """
    secret = await call.read(lambda work: open_feed(work, call.community, volunteer_id))
    view = FeedView(path=f"/calendar.ics?secret={secret}")
    return Response(view.model_dump_json(), 201, {"Cache-Control": "no-store"}, "application/json")


@own.post("/calendar/close", response_model=ClosedView)
@members()
async def close_own(volunteer_id: UUID, call: Requested) -> Response:
    """Close one's feed; its address opens nothing from now on."""
    return await call.write(
        lambda work: close_feed(work, call.community, volunteer_id), lambda closed: ClosedView(closed=closed)
    )


@feeds.get("", response_class=Response, responses=_CALENDAR)
@public()
async def read(request: Request, secret: Annotated[str, Query(min_length=1, max_length=64)]) -> Response:
    """Read a feed, as calendars do."""
    works: Works = request.app.state.works
    content = await read_feed(works, secret, request.scope.get("linli.traceparent"))
    headers = {"Cache-Control": "private, max-age=300", "Referrer-Policy": "no-referrer"}
    return Response(content, media_type=_ICS, headers=headers)
