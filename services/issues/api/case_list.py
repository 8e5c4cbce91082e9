"""Lists of cases, a page at a time, by what somebody needs to see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.issues.api.cases import CaseOut, seer_of
from services.issues.api.fields import Moment
from services.issues.domain.case import Case, State
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


@routes.get("", response_model=Page[CaseOut])
@members()
async def listing(
    call: Requested, paging: Paged, filters: Annotated[Filters, Depends(filters_of)]
) -> Page[CaseOut]:
    """List cases, the last reported first: one's own, those assigned to one, or for overseers all."""
    after = paging.after(datetime, UUID)

    async def use_case(work: Work) -> list[tuple[Case, Told]]:
        return await list_cases(
            work.connection,
            call.community,
            seer_of(call),
            filters,
            (after[0], after[1]) if after else None,
            paging.limit + 1,
        )

    return paging.page(
        await call.read(use_case), CaseOut.told, lambda found: (found[0].reported_at, found[0].id)
    )


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
