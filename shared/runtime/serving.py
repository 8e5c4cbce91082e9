"""The process of `serve`: it ends by a signal in order, by a dead task with an error, and always in time."""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Collection
from enum import IntEnum

import uvloop

from shared.runtime import collector
from shared.runtime.parts import Service
from shared.runtime.running import Activity, running
from shared.runtime.settings import ServiceSettings
from shared.runtime.supervisor import TaskEndedError
from shared.telemetry.logs import configure_logs, log, watch_loop
from shared.telemetry.traces import configure_traces

DEADLINE_SECONDS = 9.7
"""After this a process that still stops is cut off: whoever stopped it waits ten seconds."""


class Ending(IntEnum):
    """The exit codes of `serve`."""

    in_order = 0
    by_an_error = 1
    too_late = 3
    at_once = 130


def serve(service: Service, settings: ServiceSettings, only: Collection[Activity]) -> Ending:
    """Runs a service until SIGTERM or SIGINT, or until one of its tasks ends."""
    configure_logs(service.name, settings.log_level)
    finish_traces = configure_traces(service.name, settings.otel_exporter_otlp_endpoint)
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    watch_loop(loop)
    ending = loop.run_until_complete(_serve(service, settings, only))
    finish_traces()
    if left_behind := asyncio.all_tasks(loop):
        # What could not be cut off would hold up the loop's closing; the log has named it already.
        log.warning(
            "the process ends with tasks left behind", tasks=sorted(t.get_name() for t in left_behind)
        )
        _exit(ending)
    loop.close()
    return ending


async def _serve(service: Service, settings: ServiceSettings, only: Collection[Activity]) -> Ending:
    stopped = _Signals(asyncio.get_running_loop())
    try:
        async with running(service, settings, only) as it:
            log.info("listening", url=it.url, does=sorted(only), process=os.getpid())
            collector.settle()
            ended = asyncio.create_task(it.supervisor.ended())
            stop = asyncio.create_task(stopped.first.wait())
            await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            ended.cancel()
            if stopped.name is None:
                _limit_the_end()
            log.info("stopping", because=stopped.name or "a task ended")
    except TaskEndedError as error:
        log.critical("stopped by an error", error=str(error))
        return Ending.by_an_error
    log.info("stopped")
    return Ending.in_order


class _Signals:
    """The first signal stops in order, the second at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.first = asyncio.Event()
        self.name: str | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._take, number)

    def _take(self, number: signal.Signals) -> None:
        if self.first.is_set():
            log.warning("second signal: the process ends at once", signal=number.name)
            _exit(Ending.at_once)
        _limit_the_end()  # from here on, also when the process is still coming up
        self.name = number.name
        self.first.set()


def _limit_the_end() -> None:
    """Starts a thread that ends the process in any case: a loop that no longer turns cannot do it itself."""
    timer = threading.Timer(DEADLINE_SECONDS, _too_late)
    timer.daemon = True
    timer.start()


def _too_late() -> None:
    log.critical("the process does not stop in time and is cut off; its threads are on stderr")
    faulthandler.dump_traceback()
    _exit(Ending.too_late)


def _exit(ending: Ending) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ending)
