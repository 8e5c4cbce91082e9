"""Lists of cases, a page at a time, by what somebody needs to see."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from services.issues.api.cases import CaseOut, seer_of
from services.issues.api.fields import Moment
from services.issues.domain.case import Case, State
from services.issues.domain.categories import LONGEST_DEADLINE
from services.issues.store.case_list import Filters, list_cases
from services.issues.store.cases import Told
from shared.database.work import Work
from shared.errors import Invalid
from shared.http.call import Requested
from shared.http.paging import Page, Paged
from shared.http.problem import field_problem
from shared.http.routing import router
from shared.security.policy import members

routes = router("/cases", "cases")


async def filters_of(
    state: State | None = None,
    category: Annotated[str | None, Query(max_length=64)] = None,
    place: Annotated[UUID | None, Query(description="Only in this place's subtree")] = None,
    role: Annotated[str | None, Query(max_length=64, description="Assigned to this role")] = None,
    person: Annotated[str | None, Query(max_length=128, description="Assigned to this person")] = None,
    since: Annotated[Moment | None, Query(description="Reported then or later")] = None,
    until: Annotated[Moment | None, Query(description="Reported before then")] = None,
    bbox: Annotated[str | None, Query(description="west,south,east,north in WGS84 degrees")] = None,
) -> Filters:
    """Read from the query which cases to list.

    Raises:
        Invalid: the box is none.
    """
    return Filters(state, category, place, role, person, since, until, box_of(bbox))


async def work_of(
    filters: Annotated[Filters, Depends(filters_of)],
    mine: Annotated[bool, Query(description="What one has in person, or by a role held there")] = False,
    unfinished: Annotated[bool, Query(alias="open", description="What somebody has to do yet")] = False,
    late: Annotated[bool, Query(description="Open, and past the deadline")] = False,
    due_within_minutes: Annotated[
        int | None, Query(ge=1, le=LONGEST_DEADLINE, description="Open, and due within that time")
    ] = None,
) -> Filters:
    """Read from the query what of these cases is work, and how urgent."""
    within = None if due_within_minutes is None else timedelta(minutes=due_within_minutes)
    return replace(filters, mine=mine, open=unfinished, late=late, due_within=within)


@routes.get("", response_model=Page[CaseOut])
@members()
async def listing(call: Requested, paging: Paged, filters: Annotated[Filters, Depends(work_of)]) -> Response:
    """List cases, the last reported first: one's own, those assigned to one, or for overseers all."""
    after = paging.after(datetime, UUID)

    async def use_case(work: Work) -> list[tuple[Case, Told]]:
        return await list_cases(
            work.connection,
            call.community,
            seer_of(call),
            filters,
            work.now,
            (after[0], after[1]) if after else None,
            paging.limit + 1,
        )

    found = await call.read(use_case)
    page = paging.page(found, CaseOut.told, lambda each: (each[0].reported_at, each[0].id))
    # Written here: on its way through the framework a page is checked and copied twice more.
    return Response(page.model_dump_json(), media_type="application/json")


def box_of(text: str | None) -> tuple[float, float, float, float] | None:
    """Read a box from a query.

    Raises:
        Invalid: it is none.
    """
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = 1.0, 1.0, 0.0, 0.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        message = "four numbers, west,south,east,north, in WGS84 degrees"
        raise Invalid(
            "one or more fields are not valid", errors=[field_problem("query", ["bbox"], "bbox", message)]
        )
    return west, south, east, north
