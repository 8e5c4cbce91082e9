"""The public view: the open cases of a community for everybody, as GeoJSON or CSV, and what it shows."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response
from pydantic import BaseModel, Field

from services.issues.api.case_query import box_of
from services.issues.api.fields import In
from services.issues.api.photos import JPEG, Size, picture
from services.issues.api.public_forms import CSV, GEOJSON, FeatureCollection, GeoJson, preferred, written
from services.issues.domain.public_view import PublicView, ShownText
from services.issues.store.public_cases import PublicCase
from services.issues.store.public_views import public_view_of
from services.issues.usecases.add_photo import Photography
from services.issues.usecases.show_public_cases import (
    PublicPage,
    define_public_view,
    find_public_photo,
    show_public_cases,
)
from shared.contracts.fields import Code
from shared.database.work import Works
from shared.http.call import Requested, answered
from shared.http.paging import Paging
from shared.http.routing import router
from shared.security.policy import allow, members, public
from shared.security.roles import Role

routes = router("/public/{community_id}", "public view")
own_routes = router("/public-view", "public view")
MOST = 1000
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The open cases; `Link` has the address of the next page",
        "content": {CSV: {"schema": {"type": "string"}}},
    },
    304: {"description": "Nothing has changed since the page with that ETag"},
}


class PublicViewIn(In):
    """What everybody may see of a community's open cases."""

    shown: bool = Field(True, description="Whether anything is shown at all")
    text: ShownText = Field(
        ShownText.none, description="`masked` shows the reports' words without numbers, plates and addresses"
    )
    hidden_categories: set[Code] = Field(default_factory=set, max_length=200, examples=[["domestic-noise"]])


class PublicViewOut(BaseModel):
    """What everybody may see, as it stands; version 0 is the default."""

    shown: bool
    text: ShownText
    hidden_categories: list[str]
    version: int

    @classmethod
    def of(cls, view: PublicView) -> "PublicViewOut":
        """Show what is shown."""
        return cls(
            shown=view.shown,
            text=view.text,
            hidden_categories=sorted(view.hidden_categories),
            version=view.version,
        )


class Asked:
    """Which page of the public view is asked for, and which tags the caller has."""

    def __init__(
        self,
        request: Request,
        community_id: UUID,
        bbox: Annotated[str | None, Query(description="west,south,east,north in WGS84 degrees")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST, description="The most cases to answer with")] = 500,
        cursor: Annotated[str | None, Query(max_length=512, description="As in `Link`")] = None,
        if_none_match: Annotated[str | None, Header(description="The ETag of what the caller has")] = None,
    ) -> None:
        self.community = community_id
        self.path = request.url.path
        self.box = box_of(bbox)
        self.query = f"limit={limit}" + (f"&bbox={bbox}" if self.box else "")
        self.paging = Paging(limit, cursor, f"public {community_id} {self.box}")
        self.known = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
        self._works: Works = request.app.state.works

    async def answer(self, form: str) -> Response:
        """Show the page in a form."""
        position = self.paging.after(str, UUID)
        after = None
        if position is not None:
            after = (datetime.fromisoformat(position[0]) if position[0] else None, position[1])
        async with self._works.for_request("public", self.community) as work:
            page = await show_public_cases(work, form, self.box, after, self.paging.limit, self.known)
        headers = {
            "ETag": page.tag,
            "Cache-Control": "public, max-age=30",
            "Vary": "Accept",
            "Access-Control-Allow-Origin": "*",  # maps of other sites may show it
        }
        if page.tag in self.known:
            return Response(status_code=304, headers=headers)
        shown, following = self._cut(page)
        if following is not None:
            headers["Link"] = f'<{self.path}?{self.query}&cursor={following}>; rel="next"'
        # Masking is work, and everybody may ask for it: beside the event loop it delays nobody.
        body = await asyncio.to_thread(written, form, shown, page, self.community)
        return Response(body, media_type=form, headers=headers)

    def _cut(self, page: PublicPage) -> tuple[list[PublicCase], str | None]:
        def position(case: PublicCase) -> tuple[str, UUID]:
            return ("" if case.due_at is None else case.due_at.isoformat(), case.id)

        cut = self.paging.page(page.cases, lambda case: case.id, position)
        return page.cases[: len(cut.items)], cut.next


Page = Annotated[Asked, Depends()]


@routes.get("/cases", response_model=FeatureCollection, response_class=GeoJson, responses=_ANSWERS)
@public()
async def cases(
    asked: Page, accept: Annotated[str | None, Header(description=f"{GEOJSON} or {CSV}")] = None
) -> Response:
    """See the open cases of a community, what is due first coming first, without personal data."""
    return await asked.answer(preferred(accept))


@routes.get("/cases.geojson", response_model=FeatureCollection, response_class=GeoJson, responses=_ANSWERS)
@public()
async def cases_as_geojson(asked: Page) -> Response:
    """See the same as GeoJSON (RFC 7946), whatever the caller accepts."""
    return await asked.answer(GEOJSON)


@routes.get("/cases.csv", response_class=Response, responses=_ANSWERS)
@public()
async def cases_as_csv(asked: Page) -> Response:
    """See the same as CSV (UTF-8, with a header line), whatever the caller accepts."""
    return await asked.answer(CSV)


@routes.get("/photos/{photo_id}", response_class=Response, responses=JPEG)
@public()
async def photo(community_id: UUID, photo_id: UUID, request: Request, size: Size = "full") -> Response:
    """See a photo that an operator marked for everybody, as long as its case is shown."""
    works: Works = request.app.state.works
    async with works.for_request("public", community_id) as work:
        await find_public_photo(work, photo_id)
    photography: Photography = request.app.state.photography
    return picture(await photography.objects.get(community_id, photo_id, size), shared=True)


@own_routes.get("", response_model=PublicViewOut)
@members()
async def look_up(call: Requested) -> Response:
    """Read what one's community shows everybody."""
    view = await call.read(lambda work: public_view_of(work.connection, call.community))
    return answered(PublicViewOut.of(view), version=view.version)


@own_routes.put("", response_model=PublicViewOut)
@allow(Role.operator)
async def define(body: PublicViewIn, call: Requested) -> Response:
    """Say what everybody may see; the first time without `If-Match`."""
    expected = None if call.if_match is None else call.require_version()
    view = PublicView(call.community, body.shown, body.text, frozenset(body.hidden_categories))
    return await call.write(
        lambda work: define_public_view(work, view, expected or None),
        PublicViewOut.of,
        etag=lambda stored: stored.version,
    )
