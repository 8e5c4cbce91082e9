"""Gates and cameras come, change their keys, and go."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.parking.domain.compounds import open_compound
from services.parking.store import compounds, devices
from services.parking.store.devices import Device
from shared.database.work import Work
from shared.errors import NotFound

LIVE_KEYS = 2


@dataclass(frozen=True, slots=True)
class Registration:
    """What is asked for."""

    device: UUID
    community: UUID
    compound: UUID
    lane: str
    role: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown once."""

    id: str
    secret: str


async def register_device(work: Work, asked: Registration) -> tuple[Device, NewKey]:
    """Register a device with its first key; raises UnknownCompoundError, ClosedCompoundError."""
    found = await compounds.find(work.connection, asked.community, asked.compound)
    open_compound(None if found is None else found.closed)
    device = Device(
        id=asked.device,
        community=asked.community,
        compound=asked.compound,
        lane=asked.lane,
        role=asked.role,
        registered_at=work.now,
        retired_at=None,
        delivered_up_to=None,
        heard_at=datetime.now(UTC),
        version=1,
    )
    await devices.add(work.connection, device)
    return device, await _new_key(work, device)


async def rotate_key(work: Work, community: UUID, device: UUID) -> NewKey:
    """Give a device another key; the one before goes on, older ones end."""
    await devices.one_at_a_time(work.connection, community, device)
    found = await devices.find(work.connection, community, device)
    if found is None or found.retired_at is not None:
        raise NotFound("no such device in service")
    live = await devices.live_keys(work.connection, community, device)
    await devices.retire_keys(work.connection, community, live[: 1 - LIVE_KEYS], work.now)
    return await _new_key(work, found)


async def retire_device(work: Work, community: UUID, device: UUID) -> Device:
    """Take a device out of service; its reads stay, and its lane holds no watermark any more."""
    retired = await devices.retire(work.connection, community, device, work.now)
    if retired is None:
        raise NotFound("no such device in service")
    live = await devices.live_keys(work.connection, community, device)
    await devices.retire_keys(work.connection, community, live, work.now)
    return retired


async def _new_key(work: Work, device: Device) -> NewKey:
    key = NewKey(f"gate-{secrets.token_hex(8)}", secrets.token_urlsafe(32))
    await devices.add_key(work.connection, device.community, device.id, key.id, key.secret, work.now)
    return key
