"""Figures of cases: how many, how old, how late, by category."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, Field

from services.issues.api.fields import Moment
from services.issues.store.case_statistics import CategoryStatistics, case_statistics
from shared.database.work import Work
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/cases/statistics", "cases")


class CategoryStatisticsOut(BaseModel):
    """Cases of one category; an average is a sum by its count."""

    category: str
    cases: int
    open: int = Field(description="Somebody has to do something about them yet")
    unknown: int = Field(description="Ended nobody knows when, or before they were reported; not in the sums")
    open_late: int
    settled_late: int
    open_seconds: int = Field(description="Ages of the open ones together")
    settled_seconds: int = Field(description="From the report to the resolution, of the others together")
    late_seconds: int = Field(description="Beyond the deadline, of all late ones together")
    oldest_open_seconds: int | None


class StatisticsOut(BaseModel):
    """All categories that have cases, and the moment to which open ones are reckoned."""

    at: datetime
    categories: list[CategoryStatisticsOut]


@routes.get("", response_model=StatisticsOut)
@allow(Role.operator, Role.dispatcher, Role.street)
async def statistics(
    call: Requested,
    at: Annotated[Moment | None, Query(description="Open cases are as old as then; none is now")] = None,
    since: Annotated[Moment | None, Query(description="Reported then or later")] = None,
    until: Annotated[Moment | None, Query(description="Reported before then")] = None,
) -> Response:
    """Sum up ages and lateness of cases by category, as they stand."""

    async def use_case(work: Work) -> tuple[datetime, list[CategoryStatistics]]:
        when = at or work.now
        return when, await case_statistics(work.connection, call.community, when, since, until)

    when, found = await call.read(use_case)
    categories = [CategoryStatisticsOut.model_validate(each, from_attributes=True) for each in found]
    return answered(StatisticsOut(at=when, categories=categories))
