"""Lists of cases, a page at a time, by what somebody needs to see."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Response

from services.issues.api.cases import CaseOut, seer_of
from services.issues.api.fields import Moment
from services.issues.domain.case import State
from services.issues.domain.categories import LONGEST_DEADLINE
from services.issues.store.case_list import Filters, Row, list_cases
from shared.database.work import Work
from shared.errors import Invalid
from shared.http.call import Requested
from shared.http.paging import Page, Paged
from shared.http.problem import field_problem
from shared.http.routing import router
from shared.security.policy import members

routes = router("/cases", "cases")
_AS_STORED = tuple(name for name in CaseOut.model_fields if name not in {"assignee", "place", "position"})


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

    async def use_case(work: Work) -> list[Row]:
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
    page = paging.page(found, lambda row: row, lambda row: (row["reported_at"], row["id"]))
    written = {"items": [_shown(row) for row in page.items], "next": page.next}
    return Response(orjson.dumps(written, str, orjson.OPT_UTC_Z), media_type="application/json")


def _shown(row: Row) -> dict[str, Any]:
    """Show a case as `CaseOut` does, from its row: through the models a page took five times as long."""
    shown = {name: row[name] for name in _AS_STORED}
    person, role, volunteers = row["assignee_person"], row["assignee_role"], row["assignee_volunteers"]
    assigned = person is not None or role is not None or volunteers
    latitude = row["latitude"]
    shown["assignee"] = (
        {"person": person, "role": role, "place": row["assignee_place"], "volunteers": volunteers}
        if assigned
        else None
    )
    shown["place"] = row["place_id"]
    shown["position"] = None if latitude is None else {"latitude": latitude, "longitude": row["longitude"]}
    return shown


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
