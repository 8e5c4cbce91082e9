"""Places of the register: compounds, buildings and units, and the community itself."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field

from services.issues.api.fields import Door, In
from services.issues.domain.places import Kind, Place
from services.issues.store.places import list_places
from services.issues.usecases.register_place import (
    PlaceChanges,
    end_place,
    look_up_place,
    register_place,
    revise_place,
)
from shared.contracts.fields import PlaceName
from shared.database.work import Work
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/places", "register")
MOST_CM2 = 10**12


class PlaceIn(In):
    """A new place; a unit's code is its number on the door and stays in this service."""

    kind: Literal["compound", "building", "unit"]
    parent: UUID
    code: Door = Field(
        description="Unique in the community; of a compound or building A-Z a-z 0-9 . _ -", examples=["12"]
    )
    name: PlaceName = Field(examples=["12幢"])
    floor_area_cm2: int | None = Field(None, gt=0, lt=MOST_CM2, description="Of a unit only")


class PlaceChange(In):
    """What can change of a place; what is not sent stays as it is."""

    name: PlaceName | None = Field(None, examples=["12幢"])
    floor_area_cm2: int | None = Field(
        None, gt=0, lt=MOST_CM2, description="Of a unit only; null takes it away"
    )

    def changes(self) -> PlaceChanges:
        """Say what was sent."""
        found = PlaceChanges() if self.name is None else PlaceChanges(name=self.name)
        if "floor_area_cm2" in self.model_fields_set:
            found["floor_area_cm2"] = self.floor_area_cm2
        return found


class PlaceOut(BaseModel):
    """A place; `path` runs from the community to the place itself."""

    id: UUID
    kind: Kind
    parent: UUID | None
    path: list[UUID]
    code: str
    name: str
    floor_area_cm2: int | None
    zone: str | None
    closed_at: datetime | None
    version: int

    @classmethod
    def of(cls, place: Place) -> "PlaceOut":
        """Show a place."""
        return cls(
            id=place.id,
            kind=place.kind,
            parent=place.parent,
            path=list(place.path),
            code=place.code,
            name=place.name,
            floor_area_cm2=place.floor_area_cm2,
            zone=place.zone,
            closed_at=place.closed_at,
            version=place.version,
        )


@routes.post("", status_code=201, response_model=PlaceOut)
@allow(Role.operator)
async def register(body: PlaceIn, call: Requested) -> Response:
    """Register a place under its parent."""

    async def use_case(work: Work) -> Place:
        return await register_place(
            work, body.parent, Kind(body.kind), body.code, body.name, body.floor_area_cm2
        )

    return await call.write(
        use_case, PlaceOut.of, status=201, etag=_version, location=lambda place: f"/places/{place.id}"
    )


@routes.get("", response_model=Page[PlaceOut])
@members()
async def listing(
    call: Requested,
    paging: Paged,
    within: Annotated[UUID | None, Query(description="Only this place and what lies in it")] = None,
    kind: Kind | None = None,
) -> Page[PlaceOut]:
    """List places, closed ones too."""
    after = paging.after(UUID)

    async def use_case(work: Work) -> list[Place]:
        return await list_places(
            work.connection,
            call.community,
            within,
            kind,
            after[0] if after else None,
            paging.limit + 1,
        )

    return paging.page(await call.read(use_case), PlaceOut.of, lambda place: (place.id,))


@routes.get("/{place_id}", response_model=PlaceOut)
@members()
async def look_up(place_id: UUID, call: Requested) -> Response:
    """Read one place."""
    place = await call.read(lambda work: look_up_place(work, place_id))
    return answered(PlaceOut.of(place), version=place.version)


@routes.patch("/{place_id}", response_model=PlaceOut)
@allow(Role.operator)
async def revise(place_id: UUID, body: PlaceChange, call: Requested) -> Response:
    """Rename or re-measure a place."""
    expected = call.require_version()
    return await call.write(
        lambda work: revise_place(work, place_id, expected, body.changes()), PlaceOut.of, etag=_version
    )


@routes.delete("/{place_id}", response_model=PlaceOut)
@allow(Role.operator)
async def close(place_id: UUID, call: Requested) -> Response:
    """Close a place that nothing is in any more; its history stays."""
    expected = call.require_version()
    return await call.write(lambda work: end_place(work, place_id, expected), PlaceOut.of, etag=_version)


def _version(place: Place) -> int:
    return place.version
