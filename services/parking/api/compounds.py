"""Compounds as parking sees them: how they are run, and how many cars are in."""

from dataclasses import replace
from typing import Literal
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.parking.api.board import OccupancyView, occupancy_view
from services.parking.api.fields import In
from services.parking.store import compounds
from services.parking.store.compounds import Compound
from services.parking.usecases.count_cars import count_cars
from shared.database.work import Work
from shared.errors import NotFound, StaleVersion
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/compounds", "compounds")


class CompoundBody(In):
    """How parking is run in a compound."""

    access: Literal["gated", "open"] = "gated"
    spaces: int | None = Field(None, ge=1, le=100_000, description="How many cars it holds.")
    lateness_seconds: int = Field(300, ge=0, le=86_400, description="How late a read may come.")
    silent_seconds: int = Field(
        600, ge=10, le=86_400, description="After how long without a word a lane is left out, provisionally."
    )


class CompoundView(CompoundBody):
    """A compound of the register with how parking is run there."""

    id: UUID
    name: str | None
    closed: bool


@routes.get("", response_model=Page[CompoundView])
@allow(Role.property, Role.operator, Role.guard)
async def list_all(call: Requested, paging: Paged) -> Response:
    """List the community's compounds."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: compounds.list_all(
            work.connection, call.community, after=after[0] if after else None, most=paging.limit + 1
        )
    )
    return answered(paging.page(found, _view, lambda compound: (compound.id,)))


@routes.get("/{compound_id}", response_model=CompoundView)
@allow(Role.property, Role.operator, Role.guard)
async def read(compound_id: UUID, call: Requested) -> Response:
    """Read one compound."""
    found = await call.read(lambda work: _found(work, call.community, compound_id))
    return answered(_view(found), version=found.version)


@routes.put("/{compound_id}", response_model=CompoundView)
@allow(Role.property, Role.operator)
async def change(compound_id: UUID, body: CompoundBody, call: Requested) -> Response:
    """Change how parking is run in a compound."""
    version = call.require_version()

    async def use_case(work: Work) -> Compound:
        current = await _found(work, call.community, compound_id)
        changed = await compounds.change(
            work.connection, replace(current, version=version, **body.model_dump())
        )
        if changed is None:
            raise StaleVersion("the compound has changed since it was read")
        return changed

    return await call.write(use_case, _view, etag=lambda compound: compound.version)


@routes.get("/{compound_id}/occupancy", response_model=OccupancyView)
@allow(Role.property, Role.operator, Role.guard)
async def occupancy(compound_id: UUID, call: Requested) -> Response:
    """Count the cars that are in a compound."""
    found = await call.read(lambda work: count_cars(work, call.community, compound_id))
    if not found:
        raise NotFound("no such compound")
    return answered(occupancy_view(found[0]))


async def _found(work: Work, community: UUID, compound: UUID) -> Compound:
    found = await compounds.find(work.connection, community, compound)
    if found is None:
        raise NotFound("no such compound")
    return found


def _view(compound: Compound) -> CompoundView:
    return CompoundView.model_validate(
        {
            "id": compound.id,
            "name": compound.name,
            "closed": compound.closed,
            "access": compound.access,
            "spaces": compound.spaces,
            "lateness_seconds": compound.lateness_seconds,
            "silent_seconds": compound.silent_seconds,
        }
    )
