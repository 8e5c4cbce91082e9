"""A service of nothing but misbehaviour, run as a child process: python -m tests.runtime.probe serve"""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from starlette.responses import Response

from services.parking.app import SERVICE as PARKING
from shared.database.batch import BatchWriter
from shared.database.work import Works
from shared.http.routing import router
from shared.runtime import serving, supervisor
from shared.runtime.command_line import command_line
from shared.runtime.parts import Context, Parts, Service
from shared.runtime.schedule import Every
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


class Dying:
    """Stands for a loop with a bug."""

    name = "dying"

    async def run(self) -> None:
        await asyncio.sleep(0.3)
        raise ZeroDivisionError("a bug")


async def uncancellable(_works: Works) -> int:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


async def blocking(_works: Works) -> int:
    await asyncio.sleep(0.5)
    time.sleep(60)  # noqa: ASYNC251  a loop that no longer turns
    return 0


async def compose(_stack: AsyncExitStack, _context: Context) -> Parts:
    behaviour = os.environ.get("PROBE", "")
    dying = cast(BatchWriter[Any, Any], Dying())
    return Parts(
        routers=[routes],
        batches=[dying] if behaviour == "dying" else [],
        schedule={
            "uncancellable": [Every("uncancellable", 1, uncancellable)],
            "blocking": [Every("blocking", 1, blocking)],
        }.get(behaviour, []),
    )


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
