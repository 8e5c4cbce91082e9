"""Photos of a case: added, seen, shown to everybody, taken away; and which ones a category demands."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from services.issues.api.cases import seer_of
from services.issues.api.fields import In
from services.issues.api.uploading import UPLOAD, UPLOAD_LIMIT, uploaded_photo
from services.issues.domain.photos import Photo, PhotoKind
from services.issues.store.photo_demands import Demand, demand_of, list_demands
from services.issues.usecases.add_photo import OpenWork, Photography, keep_photo, show_photo
from services.issues.usecases.demand_photos import demand_photos
from services.issues.usecases.look_at_photos import find_photo, list_photos
from services.issues.usecases.publish_photo import publish_photo
from services.issues.usecases.remove_photo import remove_photo
from services.issues.usecases.versions import missing
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.http.call import Call, Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/cases/{case_id}/photos", "photos")
demand_routes = router("/photo-demands", "photos")
JPEG: dict[int | str, dict[str, Any]] = {
    200: {"description": "The photo", "content": {"image/jpeg": {"schema": {"type": "string"}}}}
}
"""What OpenAPI says of an answer that is a photo."""


class PhotoOut(BaseModel):
    """A photo of a case; `added_by` none is an anonymous reporter."""

    id: UUID
    kind: PhotoKind
    added_by: str | None
    added_at: datetime
    width: int
    height: int
    bytes: int
    public: bool = Field(description="Whether everybody may see it in the public view")

    @classmethod
    def of(cls, photo: Photo) -> "PhotoOut":
        """Show what is known of a photo."""
        return cls(
            id=photo.id,
            kind=photo.kind,
            added_by=photo.added_by,
            added_at=photo.added_at,
            width=photo.width,
            height=photo.height,
            bytes=photo.size,
            public=photo.public,
        )


class PhotosOut(BaseModel):
    """The photos of a case, the first added first."""

    items: list[PhotoOut]


class PublishIn(In):
    """Whether everybody may see a photo."""

    public: bool = Field(description="True once somebody has looked: no face, plate or door can be read")


class DemandIn(In):
    """The photos without which a case of the category cannot be resolved."""

    kinds: set[PhotoKind] = Field(examples=[["before", "after"]])


class DemandOut(BaseModel):
    """What a category demands."""

    category: str
    kinds: list[PhotoKind]
    version: int

    @classmethod
    def of(cls, demand: Demand) -> "DemandOut":
        """Show a demand."""
        return cls(category=demand.category, kinds=sorted(demand.kinds), version=demand.version)


Size = Annotated[Literal["full", "small"], Query(description="At most 2560 or 320 pixels a side")]


@routes.post("", status_code=201, response_model=PhotoOut, openapi_extra=UPLOAD, max_body_size=UPLOAD_LIMIT)
@members()
async def add(
    case_id: UUID, request: Request, call: Requested, kind: PhotoKind = PhotoKind.before
) -> Response:
    """Add a photo (JPEG, PNG or WebP): `before` by who sees the case, `after` by who handles it.

    It is turned upright and loses all metadata. The same photo sent again is the first one.
    """
    photography: Photography = request.app.state.photography
    seer = seer_of(call)
    async with photography.receiving:
        data = await uploaded_photo(request)
        photo = await keep_photo(photography, _works(call), case_id, seer, kind, data)
    return await call.write(
        lambda work: show_photo(work, photo, seer),
        PhotoOut.of,
        status=201,
        location=lambda shown: f"/cases/{case_id}/photos/{shown.id}",
    )


@routes.get("", response_model=PhotosOut)
@members()
async def listing(case_id: UUID, call: Requested) -> PhotosOut:
    """List the photos of a case."""
    found = await call.read(lambda work: list_photos(work, case_id, seer_of(call)))
    return PhotosOut(items=[PhotoOut.of(photo) for photo in found])


@routes.get("/{photo_id}", response_class=Response, responses=JPEG)
@members()
async def look_at(
    case_id: UUID, photo_id: UUID, request: Request, call: Requested, size: Size = "full"
) -> Response:
    """See a photo, as whoever may see its case."""
    await call.read(lambda work: find_photo(work, case_id, photo_id, seer_of(call)))
    photography: Photography = request.app.state.photography
    return picture(await photography.objects.get(call.community, photo_id, size), shared=False)


@routes.post("/{photo_id}/publish", response_model=PhotoOut)
@allow(Role.operator)
async def publish(case_id: UUID, photo_id: UUID, body: PublishIn, call: Requested) -> Response:
    """Let everybody see a photo in the public view, or no longer."""
    return await call.write(
        lambda work: publish_photo(work, case_id, photo_id, seer_of(call), public=body.public), PhotoOut.of
    )


@routes.post("/{photo_id}/remove", response_model=PhotoOut)
@members()
async def remove(case_id: UUID, photo_id: UUID, call: Requested) -> Response:
    """Take a photo away for good: who added it, until the case is resolved, or an operator."""
    return await call.write(lambda work: remove_photo(work, case_id, photo_id, seer_of(call)), PhotoOut.of)


@demand_routes.put("/{category}", response_model=DemandOut)
@allow(Role.operator)
async def demand(body: DemandIn, call: Requested, category: Code) -> Response:
    """Say which photos a category demands before its cases can be resolved; open ones are not spared."""
    expected = None if call.if_match is None else call.require_version()
    kinds = frozenset(body.kinds)
    return await call.write(
        lambda work: demand_photos(work, category, kinds, expected),
        DemandOut.of,
        etag=lambda stored: stored.version,
    )


@demand_routes.get("", response_model=Page[DemandOut])
@members()
async def demands(call: Requested, paging: Paged) -> Page[DemandOut]:
    """List what the categories demand."""
    after = paging.after(str)

    async def use_case(work: Work) -> list[Demand]:
        return await list_demands(
            work.connection, call.community, after[0] if after else None, paging.limit + 1
        )

    return paging.page(await call.read(use_case), DemandOut.of, lambda each: (each.category,))


@demand_routes.get("/{category}", response_model=DemandOut)
@members()
async def look_up_demand(call: Requested, category: Code) -> Response:
    """Read what one category demands."""
    found = await call.read(lambda work: demand_of(work.connection, call.community, category))
    if found is None:
        raise missing("demand")
    return answered(DemandOut.of(found), version=found.version)


def picture(data: bytes, *, shared: bool) -> Response:
    """Answer with a photo; its address never shows another one, so it may be kept for long."""
    headers = {
        "Cache-Control": f"{'public' if shared else 'private'}, max-age={600 if shared else 86400}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type="image/jpeg", headers=headers)


def _works(call: Call) -> OpenWork:
    return lambda: call.works.for_request(call.actor.person, call.community, call.traceparent)
