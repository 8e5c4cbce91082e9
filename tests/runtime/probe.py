"""A service of nothing but misbehaviour, run as a child process: python -m tests.runtime.probe serve"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from starlette.responses import Response

from services.parking.app import SERVICE as PARKING
from shared.database.batch import BatchWriter
from shared.http.routing import router
from shared.runtime import serving, supervisor
from shared.runtime.command_line import command_line
from shared.runtime.parts import Context, Parts, Service
from shared.runtime.settings import ServiceSettings
from shared.security.policy import public
from shared.telemetry.logs import log

routes = router("", "probe")


@routes.get("/slow")
@public()
async def slow(seconds: float) -> Response:
    log.info("slow request began")
    await asyncio.sleep(seconds)
    return Response("done")


async def dying() -> None:
    await asyncio.sleep(0.3)
    raise ZeroDivisionError("a bug")


async def uncancellable() -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


async def blocking() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        time.sleep(60)  # noqa: ASYNC251  asked to stop, the loop turns no longer


BEHAVIOURS = {"dying": dying, "uncancellable": uncancellable, "blocking": blocking}


@dataclass(frozen=True)
class Misbehaving:
    """Stands for a loop with a bug; among the batch writers, which wait for no database."""

    name: str
    run: Callable[[], Awaitable[None]]


async def compose(_stack: AsyncExitStack, _context: Context) -> Parts:
    behaviour = os.environ.get("PROBE", "")
    loops = [Misbehaving(behaviour, BEHAVIOURS[behaviour])] if behaviour in BEHAVIOURS else []
    return Parts(routers=[routes], batches=cast(list[BatchWriter[Any, Any]], loops))


SERVICE = Service(
    name="probe",
    title="Probe",
    settings=ServiceSettings,
    migrations=Path(PARKING.migrations),
    errors={},
    compose=compose,
)

if __name__ == "__main__":
    # Its own times are shorter than production's, which other tests measure and add up.
    supervisor.PATIENCE[supervisor.Stage.INTAKE] = float(os.environ.get("PROBE_PATIENCE", "4"))
    serving.DEADLINE_SECONDS = float(os.environ.get("PROBE_DEADLINE", "9.7"))
    command_line(SERVICE)()
