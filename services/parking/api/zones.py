"""Zones within compounds: which part of one is for whom."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.parking.api.fields import In
from services.parking.store import compounds, zones
from services.parking.store.zones import Zone
from services.parking.usecases.lay_out_zone import add_zone, change_zone
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/compounds/{compound_id}/zones", "compounds")

ZoneLabel = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]


class ZoneBody(In):
    """What a zone is."""

    kind: Literal["ordinary", "quiet", "fire-lane", "exit", "charging", "accessible"]
    name: ZoneLabel | None = Field(None, description="What people call it.")
    spaces: int | None = Field(None, ge=1, le=100_000, description="How many cars it holds.")
    closed: bool = Field(False, description="It is no longer there; what was said of it stays.")


class NewZone(ZoneBody):
    """A zone to be added."""

    model_config = ConfigDict(json_schema_extra={"example": {"code": "b2-charging", "kind": "charging"}})

    code: Code = Field(description="Unique within the compound, for good.")


class ZoneView(NewZone):
    """A zone of a compound."""

    compound: UUID


class ZonesView(BaseModel):
    """All zones of a compound."""

    items: list[ZoneView]


@routes.post("", status_code=201, response_model=ZoneView)
@allow(Role.property, Role.operator)
async def add(compound_id: UUID, body: NewZone, call: Requested) -> Response:
    """Add a zone to a compound."""
    zone = Zone(compound_id, body.code, call.community, body.kind, body.name, body.spaces, body.closed)
    return await call.write(
        lambda work: add_zone(work, zone),
        _view,
        status=201,
        etag=lambda added: added.version,
        location=lambda added: f"/compounds/{added.compound}/zones/{added.code}",
    )


@routes.put("/{code}", response_model=ZoneView)
@allow(Role.property, Role.operator)
async def change(compound_id: UUID, code: Code, body: ZoneBody, call: Requested) -> Response:
    """Change a zone."""
    version = call.require_version()
    zone = Zone(compound_id, code, call.community, body.kind, body.name, body.spaces, body.closed, version)
    return await call.write(lambda work: change_zone(work, zone), _view, etag=lambda changed: changed.version)


@routes.get("/{code}", response_model=ZoneView)
@allow(Role.property, Role.operator, Role.guard)
async def read(compound_id: UUID, code: Code, call: Requested) -> Response:
    """Read one zone."""
    found = await call.read(lambda work: zones.find(work.connection, call.community, compound_id, code))
    if found is None:
        raise NotFound("no such zone")
    return answered(_view(found), version=found.version)


@routes.get("", response_model=ZonesView)
@allow(Role.property, Role.operator, Role.guard)
async def list_all(compound_id: UUID, call: Requested) -> Response:
    """List a compound's zones."""

    async def use_case(work: Work) -> list[Zone]:
        if await compounds.find(work.connection, call.community, compound_id) is None:
            raise NotFound("no such compound")
        return await zones.of_compound(work.connection, call.community, compound_id)

    return answered(ZonesView(items=[_view(zone) for zone in await call.read(use_case)]))


def _view(zone: Zone) -> ZoneView:
    return ZoneView.model_validate(
        {
            "compound": zone.compound,
            "code": zone.code,
            "kind": zone.kind,
            "name": zone.name,
            "spaces": zone.spaces,
            "closed": zone.closed,
        }
    )
