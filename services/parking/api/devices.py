"""Gates and cameras, for those who run the community's parking."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.parking.api.fields import In, LaneName
from services.parking.store import devices
from services.parking.store.devices import Device
from services.parking.usecases.register_device import (
    NewKey,
    Registration,
    register_device,
    retire_device,
    rotate_key,
)
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/devices", "devices")


class RegisterDevice(In):
    """A gate or camera to be registered."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "compound": "019f1c3e-6c1d-7a10-8000-0000000000c1",
                "lane": "north-in",
                "role": "entry",
            }
        },
    )

    compound: UUID
    lane: LaneName = Field(description="What people call the lane it watches.")
    role: Literal["entry", "exit", "patrol"] = Field(
        description="Which way cars pass it; a patrol sees standing cars and begins or ends no stay."
    )


class KeyView(BaseModel):
    """A key to sign with."""

    id: str
    secret: str | None = Field(
        description="Shown this once: the answer to a repeat has none, and who lost it makes another key."
    )


class DeviceView(BaseModel):
    """A registered device."""

    id: UUID
    compound: UUID
    lane: str
    role: str
    registered_at: datetime
    retired_at: datetime | None
    delivered_up_to: datetime | None = Field(description="Every read up to here has been delivered.")
    heard_at: datetime = Field(description="Wall time at which it was last heard of.")


class NewDeviceView(DeviceView):
    """A device as it is shown once, with its first key."""

    key: KeyView


@routes.post("", status_code=201, response_model=NewDeviceView)
@allow(Role.property, Role.operator)
async def register(body: RegisterDevice, call: Requested) -> Response:
    """Register a device of a compound; the answer holds its first key."""
    asked = Registration(new_id(), call.community, body.compound, body.lane, body.role)

    async def use_case(work: Work) -> tuple[Device, NewKey]:
        return await register_device(work, asked)

    return await call.write(
        use_case,
        _new_view,
        status=201,
        location=lambda made: f"/devices/{made[0].id}",
        repeated=lambda made: _new_view(made, again=True),
    )


@routes.post("/{device_id}/keys", status_code=201, response_model=KeyView)
@allow(Role.property, Role.operator)
async def rotate(device_id: UUID, call: Requested) -> Response:
    """Give a device another key; the one before it goes on, so that nothing is lost while it changes."""
    return await call.write(
        lambda work: rotate_key(work, call.community, device_id),
        _key_view,
        status=201,
        repeated=lambda key: _key_view(key, again=True),
    )


@routes.post("/{device_id}/retire", response_model=DeviceView)
@allow(Role.property, Role.operator)
async def retire(device_id: UUID, call: Requested) -> Response:
    """Take a device out of service: its keys sign nothing any more, its reads stay."""
    return await call.write(lambda work: retire_device(work, call.community, device_id), _view)


@routes.get("/{device_id}", response_model=DeviceView)
@allow(Role.property, Role.operator, Role.guard)
async def read(device_id: UUID, call: Requested) -> Response:
    """Read one device."""
    found = await call.read(lambda work: devices.find(work.connection, call.community, device_id))
    if found is None:
        raise NotFound("no such device")
    return answered(_view(found))


@routes.get("", response_model=Page[DeviceView])
@allow(Role.property, Role.operator, Role.guard)
async def list_newest(call: Requested, paging: Paged, compound: UUID | None = None) -> Response:
    """List devices, the newest first."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: devices.list_newest(
            work.connection,
            call.community,
            compound=compound,
            before=after[0] if after else None,
            most=paging.limit + 1,
        )
    )
    return answered(paging.page(found, _view, lambda device: (device.id,)))


def _fields(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "compound": device.compound,
        "lane": device.lane,
        "role": device.role,
        "registered_at": device.registered_at,
        "retired_at": device.retired_at,
        "delivered_up_to": device.delivered_up_to,
        "heard_at": device.heard_at,
    }


def _view(device: Device) -> DeviceView:
    return DeviceView.model_validate(_fields(device))


def _new_view(made: tuple[Device, NewKey], *, again: bool = False) -> NewDeviceView:
    device, key = made
    return NewDeviceView.model_validate({**_fields(device), "key": _key_view(key, again=again)})


def _key_view(key: NewKey, *, again: bool = False) -> KeyView:
    return KeyView(id=key.id, secret=None if again else key.secret)
