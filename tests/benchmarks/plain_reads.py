"""What the gates' endpoint is measured against: the usual FastAPI and asyncpg service, written with care.

One request is one transaction with two inserts, the read and its outbox row. Edge, signature check, server
and table are the same as ours; nothing is folded, judged, deduplicated by device or batched.
"""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import Request
from pydantic import BaseModel

from services.parking.api.reads import ReadsIn
from services.parking.domain.plate import masked, read_plate
from services.parking.settings import ParkingSettings
from services.parking.store.devices import Signer
from services.parking.usecases.known_devices import KnownDevices
from shared.contracts import Event, VehicleEntered
from shared.errors import Unauthenticated
from shared.http.routing import router
from shared.identifiers import new_id
from shared.messaging.envelope import to_row
from shared.runtime.command_line import command_line
from shared.runtime.parts import Context, Parts, Service
from shared.security.policy import signed
from shared.security.signatures import KEY_ID, verify

POOL = 20
_READ = """
INSERT INTO reads (device_id, id, community_id, compound_id, role, plate_given, plate, plate_kind,
                   plate_suggestion, confidence, captured_at, sent_at, received_at, at, clamped)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $11, false)"""
_OUTBOX = "INSERT INTO outbox (topic, key, records) VALUES ($1, $2, $3)"


class Stored(BaseModel):
    """The plain answer."""

    stored: int


async def compose(stack: AsyncExitStack, context: Context) -> Parts:
    """One route."""
    pool = asyncpg.create_pool(context.settings.database_system_url, min_size=0, max_size=POOL)
    await stack.enter_async_context(pool)
    routes, devices = router("/reads", "reads"), KnownDevices(context.works)

    @routes.post("", response_model=Stored)
    @signed()
    async def deliver(body: ReadsIn, request: Request) -> Stored:
        key = request.headers.get(KEY_ID, "")
        signer = await devices.signer(key)
        if signer is None:
            raise Unauthenticated("nobody's key")
        verify(request.headers, await request.body(), secrets={key: signer.secret})
        for values, event in _rows(body, signer, context, request.scope["linli.traceparent"]):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(_READ, *values)
                await connection.execute(_OUTBOX, *to_row(event))
        return Stored(stored=len(body.reads))

    return Parts(routers=(routes,))


def _rows(body: ReadsIn, signer: Signer, context: Context, trace: str) -> list[tuple[Any, ...]]:
    now, rows = context.clock.now(), []
    for read in body.reads:
        plate = read_plate(read.plate)
        of_gate = (signer.device, read.id, signer.community, signer.compound, signer.role)
        of_plate = (plate.given, plate.text, plate.kind.value, plate.suggestion, read.confidence)
        fact = VehicleEntered(
            stay=new_id(),
            place=signer.compound,
            masked_plate=masked(plate.text),
            entered_at=read.captured_at,
        )
        event = Event(new_id(), "/linli/parking", now, signer.community, 1, fact, traceparent=trace)
        rows.append(((*of_gate, *of_plate, read.captured_at, body.sent_at, now), event))
    return rows


SERVICE = Service(
    name="plain",
    title="Plain reads",
    settings=ParkingSettings,
    migrations=Path(__file__).parents[2] / "services" / "parking" / "migrations",
    errors={},
    compose=compose,
)

if __name__ == "__main__":
    command_line(SERVICE)()
