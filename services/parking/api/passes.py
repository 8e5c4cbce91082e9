"""Passes of visitors, carers and contractors: which car may stay where, until when, and whom to tell."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.parking.api.fields import In, Moment, PlateText
from services.parking.domain.plate import normalised, read_plate
from services.parking.store import passes
from services.parking.store.passes import Pass
from services.parking.usecases.set_limits import end_pass, grant_pass
from shared.contracts.fields import PersonId
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/passes", "passes")


PassKind = Literal["visitor", "carer", "contractor", "delivery", "resident"]


class GrantPass(In):
    """A pass to be granted."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "compound": "019f1c3e-6c1d-7a10-8000-0000000000c1",
                "plate": "浙B·A1668",
                "contact": "p-7f3a19c2",
                "valid_until": "2026-03-02T22:00:00+08:00",
            }
        },
    )

    compound: UUID
    plate: PlateText
    kind: PassKind = "visitor"
    contact: PersonId | None = Field(None, description="Who hears when the car stays too long: the host.")
    valid_from: Moment | None = Field(None, description="Without it from now.")
    valid_until: Moment | None = Field(None, description="Without it for good. The free time begins then.")


class PassView(BaseModel):
    """A granted pass."""

    id: UUID
    compound: UUID
    plate: str = Field(description="In its normal form.")
    kind: PassKind
    contact: str | None
    valid_from: Moment
    valid_until: Moment | None


@routes.post("", status_code=201, response_model=PassView)
@allow(Role.property, Role.operator, Role.guard)
async def grant(body: GrantPass, call: Requested) -> Response:
    """Let a car stay; whether one that is in has stayed too long is judged anew."""
    plate = read_plate(body.plate).text

    async def use_case(work: Work) -> Pass:
        asked = Pass(
            id=new_id(),
            community=call.community,
            compound=body.compound,
            plate=plate,
            contact=body.contact,
            valid_from=body.valid_from or work.now,
            valid_until=body.valid_until,
            made_by=work.actor,
            kind=body.kind,
        )
        return await grant_pass(work, asked)

    return await call.write(use_case, _view, status=201, location=lambda made: f"/passes/{made.id}")


@routes.post("/{pass_id}/end", response_model=PassView)
@allow(Role.property, Role.operator, Role.guard)
async def end(pass_id: UUID, call: Requested) -> Response:
    """Let a pass end now."""
    return await call.write(lambda work: end_pass(work, call.community, pass_id), _view)


@routes.get("/{pass_id}", response_model=PassView)
@allow(Role.property, Role.operator, Role.guard)
async def read(pass_id: UUID, call: Requested) -> Response:
    """Read one pass."""
    found = await call.read(lambda work: passes.find(work.connection, call.community, pass_id))
    if found is None:
        raise NotFound("no such pass")
    return answered(_view(found))


@routes.get("", response_model=Page[PassView])
@allow(Role.property, Role.operator, Role.guard)
async def list_newest(
    call: Requested,
    paging: Paged,
    compound: UUID | None = None,
    kind: PassKind | None = None,
    plate: Annotated[str | None, Query(max_length=32, description="Written in any usual way.")] = None,
) -> Response:
    """List passes, the newest first."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: passes.list_newest(
            work.connection,
            call.community,
            compound=compound,
            kind=kind,
            plate=None if plate is None else normalised(plate),
            before=after[0] if after else None,
            most=paging.limit + 1,
        )
    )
    return answered(paging.page(found, _view, lambda each: (each.id,)))


def _view(granted: Pass) -> PassView:
    return PassView.model_validate(
        {
            "id": granted.id,
            "compound": granted.compound,
            "plate": granted.plate,
            "kind": granted.kind,
            "contact": granted.contact,
            "valid_from": granted.valid_from,
            "valid_until": granted.valid_until,
        }
    )
