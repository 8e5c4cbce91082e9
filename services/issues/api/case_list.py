"""Lists of cases, a page at a time, by what somebody needs to see."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request, Response

from services.issues.api.case_query import declared_query, read_query
from services.issues.api.cases import CaseOut, seer_of
from services.issues.store.case_list import Row, list_cases
from shared.database.work import Work
from shared.http.call import Requested
from shared.http.paging import Page
from shared.http.paging import paging as paging_of
from shared.http.routing import router
from shared.security.policy import members

routes = router("/cases", "cases")
_AS_STORED = tuple(
    name for name in CaseOut.model_fields if name not in {"assignee", "number", "place", "position"}
)


@routes.get("", response_model=Page[CaseOut], openapi_extra=declared_query())
@members()
async def listing(request: Request, call: Requested) -> Response:
    """List cases, the last reported first: one's own, those assigned to one, or for overseers all."""
    query = read_query(request)
    filters, paging = query.filters(), await paging_of(request, query.limit, query.cursor)
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
    shown["number"] = row["id"].hex[-6:].upper()
    shown["place"] = row["place_id"]
    shown["position"] = None if latitude is None else {"latitude": latitude, "longitude": row["longitude"]}
    return shown
