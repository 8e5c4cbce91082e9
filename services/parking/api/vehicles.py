"""Vehicles of households, for those who run the community's parking."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.parking.api.fields import In, Moment, PlateText
from services.parking.domain.plate import PlateKind, normalised
from services.parking.domain.vehicle import Vehicle
from services.parking.store import vehicles
from services.parking.usecases.change_vehicle import change_plate, end_vehicle
from services.parking.usecases.register_vehicle import Registration, register_vehicle
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/vehicles", "vehicles")


class RegisterVehicle(BaseModel):
    """A vehicle to be registered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"household": "019f1c3e-6c1d-7a10-8000-0000000000a1", "plate": "浙L·D12345"},
        },
    )

    household: UUID = Field(description="The household it belongs to, as the register knows it.")
    plate: str = Field(min_length=1, max_length=32, description="Its plate, written in any usual way.")
    valid_from: AwareDatetime | None = Field(None, description="From when it may park; without it from now.")


class VehicleView(BaseModel):
    """A registered vehicle. Its plate is personal: it goes to no event and to no one without a duty here."""

    id: UUID
    household: UUID
    plate: str = Field(description="In its normal form: upper case, no separators.")
    plate_kind: PlateKind = Field(description="`unknown` is accepted: foreign, paper, misread.")
    suggestion: str | None = Field(
        description="What it would be if I and O were 1 and 0; for a person to confirm."
    )
    index: int = Field(description="Which of the household's vehicles it is, from 1.")
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = Field(description="Until when it was its household's; none: it is.")
    registered_at: AwareDatetime


class EndVehicle(In):
    """When a vehicle is its household's no more."""

    valid_until: Moment | None = Field(None, description="Without it from now on.")


class NewPlate(In):
    """A vehicle's new plate."""

    model_config = ConfigDict(json_schema_extra={"example": {"plate": "浙L·F12345"}})

    plate: PlateText
    valid_from: Moment | None = Field(None, description="Without it from now on.")


class HadView(BaseModel):
    """A plate and when the vehicle had it."""

    plate: str
    plate_kind: PlateKind
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None


class PlatesView(BaseModel):
    """All plates of a vehicle."""

    items: list[HadView]


@routes.post("", status_code=201, response_model=VehicleView)
@allow(Role.property, Role.operator)
async def register(body: RegisterVehicle, call: Requested) -> Response:
    """Register a vehicle of a household; publishes `vehicle-registered` with a masked plate."""
    asked = Registration(new_id(), call.community, body.household, body.plate, body.valid_from)

    async def use_case(work: Work) -> Vehicle:
        return await register_vehicle(work, asked)

    return await call.write(
        use_case,
        _view,
        status=201,
        etag=lambda vehicle: vehicle.version,
        location=lambda vehicle: f"/vehicles/{vehicle.id}",
    )


@routes.post("/{vehicle_id}/end", response_model=VehicleView)
@allow(Role.property, Role.operator)
async def end(vehicle_id: UUID, body: EndVehicle, call: Requested) -> Response:
    """Let a vehicle be its household's no more; its plate and its index are free again from then on."""
    return await call.write(
        lambda work: end_vehicle(work, call.community, vehicle_id, body.valid_until),
        _view,
        etag=lambda vehicle: vehicle.version,
    )


@routes.post("/{vehicle_id}/plate", response_model=VehicleView)
@allow(Role.property, Role.operator)
async def replate(vehicle_id: UUID, body: NewPlate, call: Requested) -> Response:
    """Give a vehicle another plate; it keeps its index, and what it had is kept."""
    return await call.write(
        lambda work: change_plate(work, call.community, vehicle_id, body.plate, body.valid_from),
        _view,
        etag=lambda vehicle: vehicle.version,
    )


@routes.get("/{vehicle_id}/plates", response_model=PlatesView)
@allow(Role.property, Role.operator, Role.guard)
async def list_plates(vehicle_id: UUID, call: Requested) -> Response:
    """List the plates a vehicle has and had, the first one first."""
    found = await call.read(lambda work: vehicles.plates_of(work.connection, call.community, vehicle_id))
    if not found:
        raise NotFound("no such vehicle")
    items = [
        HadView(plate=had.plate.text, plate_kind=had.plate.kind, valid_from=had.since, valid_until=had.until)
        for had in found
    ]
    return answered(PlatesView(items=items))


@routes.get("/{vehicle_id}", response_model=VehicleView)
@allow(Role.property, Role.operator, Role.guard)
async def read(vehicle_id: UUID, call: Requested) -> Response:
    """Read one vehicle."""
    found = await call.read(lambda work: vehicles.find(work.connection, call.community, vehicle_id))
    if found is None:
        raise NotFound("no such vehicle")
    return answered(_view(found), version=found.version)


@routes.get("", response_model=Page[VehicleView])
@allow(Role.property, Role.operator, Role.guard)
async def list_newest(
    call: Requested,
    paging: Paged,
    household: UUID | None = None,
    plate: Annotated[str | None, Query(max_length=32, description="Written in any usual way.")] = None,
) -> Response:
    """List vehicles, the newest first."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: vehicles.list_newest(
            work.connection,
            call.community,
            household=household,
            plate=None if plate is None else normalised(plate),
            before=after[0] if after else None,
            most=paging.limit + 1,
        )
    )
    return answered(paging.page(found, _view, lambda vehicle: (vehicle.id,)))


def _view(vehicle: Vehicle) -> VehicleView:
    return VehicleView(
        id=vehicle.id,
        household=vehicle.household,
        plate=vehicle.plate.text,
        plate_kind=vehicle.plate.kind,
        suggestion=vehicle.plate.suggestion,
        index=vehicle.index,
        valid_from=vehicle.valid_from,
        valid_until=vehicle.valid_until,
        registered_at=vehicle.registered_at,
    )
