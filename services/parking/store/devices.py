"""Gates and cameras, and the keys they sign with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.parking.domain.device_time import DeviceClock
from shared.database.work import Connection

_COLUMNS = (
    "id, community_id, compound_id, lane, role, registered_at, retired_at, delivered_up_to, heard_at, version"
)
_ADD = f"INSERT INTO devices ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, $7, 1)"  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM devices WHERE community_id = $1 AND id = $2"  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM devices
WHERE community_id = $1 AND ($2::uuid IS NULL OR compound_id = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""  # noqa: S608
_RETIRE = f"""
UPDATE devices SET retired_at = $3, version = version + 1
WHERE community_id = $1 AND id = $2 AND retired_at IS NULL RETURNING {_COLUMNS}
"""  # noqa: S608
_LOCK = "SELECT 1 FROM devices WHERE community_id = $1 AND id = $2 FOR NO KEY UPDATE"
_ADD_KEY = (
    "INSERT INTO device_keys (id, community_id, device_id, secret, made_at) VALUES ($1, $2, $3, $4, $5)"
)
_KEYS = """
SELECT id FROM device_keys WHERE community_id = $1 AND device_id = $2 AND retired_at IS NULL
ORDER BY made_at, id
"""
_RETIRE_KEYS = """
UPDATE device_keys SET retired_at = $3 WHERE community_id = $1 AND id = ANY($2::text[]) AND retired_at IS NULL
"""
_SIGNER = """
SELECT device.id, device.community_id, device.compound_id, device.role, key.secret
FROM device_keys key JOIN devices device
  ON device.id = key.device_id AND device.community_id = key.community_id
WHERE key.id = $1 AND key.retired_at IS NULL AND device.retired_at IS NULL
"""
# Compounds first, as everybody who changes stays takes them; the row is its newest also after a wait.
_TAKE = """
SELECT devices.id, clock_lately, clock_before, clock_since
FROM compounds JOIN devices ON devices.compound_id = compounds.id
WHERE devices.id = ANY($1::uuid[])
ORDER BY compounds.id, devices.id FOR NO KEY UPDATE OF compounds, devices
"""
_HEARD = """
UPDATE devices
SET heard_at = $6, clock_lately = heard.lately, clock_before = heard.before, clock_since = heard.since,
    delivered_up_to = greatest(devices.delivered_up_to, heard.delivered_up_to),
    advanced_at = CASE
        WHEN heard.delivered_up_to > coalesce(devices.delivered_up_to, '-infinity') THEN $6
        ELSE devices.advanced_at
    END
FROM unnest($1::uuid[], $2::timestamptz[], $3::interval[], $4::interval[], $5::timestamptz[])
     AS heard (id, delivered_up_to, lately, before, since)
WHERE devices.id = heard.id
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A gate or camera; `heard_at` is wall time."""

    id: UUID
    community: UUID
    compound: UUID
    lane: str
    role: str
    registered_at: datetime
    retired_at: datetime | None
    delivered_up_to: datetime | None
    heard_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Signer:
    """A device as its key tells of it."""

    device: UUID
    community: UUID
    compound: UUID
    role: str
    secret: str


async def add(connection: Connection, device: Device) -> None:
    """Store a new device."""
    await connection.execute(
        _ADD,
        device.id,
        device.community,
        device.compound,
        device.lane,
        device.role,
        device.registered_at,
        device.heard_at,
    )


async def find(connection: Connection, community: UUID, device: UUID) -> Device | None:
    """One device of a community."""
    row = await connection.fetchrow(_FIND, community, device)
    return None if row is None else _device(row)


async def list_newest(
    connection: Connection, community: UUID, *, compound: UUID | None, before: UUID | None, most: int
) -> Sequence[Device]:
    """A community's devices behind the one called `before`, newest first."""
    return [_device(row) for row in await connection.fetch(_LIST, community, compound, before, most)]


async def retire(connection: Connection, community: UUID, device: UUID, now: datetime) -> Device | None:
    """Take a device out of service; None when it is not there or was taken out before."""
    row = await connection.fetchrow(_RETIRE, community, device, now)
    return None if row is None else _device(row)


async def one_at_a_time(connection: Connection, community: UUID, device: UUID) -> None:
    """Let no other transaction change this device's keys until this one ends."""
    await connection.execute(_LOCK, community, device)


async def add_key(
    connection: Connection, community: UUID, device: UUID, key: str, secret: str, now: datetime
) -> None:
    """Store a key; its secret is never read by a request."""
    await connection.execute(_ADD_KEY, key, community, device, secret, now)


async def live_keys(connection: Connection, community: UUID, device: UUID) -> list[str]:
    """The ids of a device's live keys, the oldest first."""
    return [row["id"] for row in await connection.fetch(_KEYS, community, device)]


async def retire_keys(connection: Connection, community: UUID, keys: Sequence[str], now: datetime) -> None:
    """Let these keys sign nothing any more."""
    await connection.execute(_RETIRE_KEYS, community, keys, now)


async def signer(connection: Connection, key: str) -> Signer | None:
    """Whose live key this is; under the system role, since it tells the community."""
    row = await connection.fetchrow(_SIGNER, key)
    if row is None:
        return None
    return Signer(row["id"], row["community_id"], row["compound_id"], row["role"], row["secret"])


async def take(connection: Connection, devices: Collection[UUID]) -> dict[UUID, DeviceClock]:
    """Lock devices with their compounds until this transaction ends, and give how their clocks go."""
    rows = await connection.fetch(_TAKE, list(devices))
    return {row[0]: DeviceClock(row[1], row[2], row[3]) for row in rows}


async def heard(
    connection: Connection,
    clocks: Mapping[UUID, DeviceClock],
    stated: Mapping[UUID, datetime],
    wall: datetime,
) -> None:
    """Note that devices were heard, and up to when they delivered; what they stated before never shrinks."""
    await connection.execute(
        _HEARD,
        list(clocks),
        [stated.get(device) for device in clocks],
        [clock.lately for clock in clocks.values()],
        [clock.before for clock in clocks.values()],
        [clock.since for clock in clocks.values()],
        wall,
    )


def _device(row: "asyncpg.Record") -> Device:
    return Device(
        id=row["id"],
        community=row["community_id"],
        compound=row["compound_id"],
        lane=row["lane"],
        role=row["role"],
        registered_at=row["registered_at"],
        retired_at=row["retired_at"],
        delivered_up_to=row["delivered_up_to"],
        heard_at=row["heard_at"],
        version=row["version"],
    )
