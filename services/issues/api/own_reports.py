"""One's own list: what one reported or follows, each told in plain words."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Response
from pydantic import BaseModel

from services.issues.domain.case import State
from services.issues.domain.plain_words import Language, language_of, said_of_state
from services.issues.store.own_reports import OwnReport, own_reports
from shared.database.work import Work
from shared.http.call import Requested
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import members

routes = router("/reports", "cases")
_TO_DO = frozenset({State.reported, State.accepted, State.assigned, State.in_progress})


class OwnReportOut(BaseModel):
    """A case as its reporter or a follower is told of it."""

    id: UUID
    category: str
    category_name: str
    state: State
    said: str
    late: bool
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    reopen_until: datetime | None
    version: int


@routes.get("/mine", response_model=Page[OwnReportOut])
@members()
async def mine(
    call: Requested,
    paging: Paged,
    response: Response,
    followed: Annotated[bool, Query(description="What one follows instead of what one reported")] = False,
    accept_language: Annotated[str | None, Header(description="zh or en")] = None,
) -> Page[OwnReportOut]:
    """List what one reported or follows, the last reported first."""
    after = paging.after(datetime, UUID)
    language = language_of(accept_language)
    response.headers["Content-Language"] = language.value
    response.headers["Vary"] = "Accept-Language"

    async def use_case(work: Work) -> tuple[list[OwnReport], datetime]:
        found = await own_reports(
            work.connection,
            call.community,
            call.actor.person,
            (after[0], after[1]) if after else None,
            paging.limit + 1,
            followed=followed,
        )
        return found, work.now

    found, now = await call.read(use_case)
    return paging.page(
        found, _told(language, now, followed=followed), lambda report: (report.reported_at, report.id)
    )


def _told(
    language: Language, now: datetime, *, followed: bool = False
) -> Callable[[OwnReport], OwnReportOut]:
    def told(report: OwnReport) -> OwnReportOut:
        late = report.due_at is not None and report.due_at < now and report.state in _TO_DO
        name = report.name_zh if language is Language.zh else report.name_en
        return OwnReportOut(
            id=report.id,
            category=report.category,
            category_name=name or report.category,
            state=report.state,
            said=said_of_state(report.state, language, late=late, followed=followed),
            late=late,
            reported_at=report.reported_at,
            due_at=report.due_at,
            closed_at=report.closed_at,
            reopen_until=report.reopen_until,
            version=report.version,
        )

    return told
