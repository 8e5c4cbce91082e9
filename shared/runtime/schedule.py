"""Clock in: use cases that run again and again, each as its own task, so that a slow one delays no other."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Counter, Histogram

from shared.database.work import Works
from shared.telemetry.logs import log
from shared.telemetry.metrics import SECONDS, TASK_ERRORS
from shared.telemetry.traces import span

LONGEST_PAUSE = 10.0

_DONE = Counter("linli_schedule_done_total", "How much the entries of the schedule did", ["entry"])
_TOOK = Histogram("linli_schedule_seconds", "How long one run of an entry took", ["entry"], buckets=SECONDS)


@dataclass(frozen=True)
class Every:
    """A use case of the schedule and its interval in seconds; it returns how much it did.

    More than nothing runs it again at once: there may be more. It is plural and bounded (a LIMIT), and opens
    its own units of work.
    """

    name: str
    seconds: float
    use_case: Callable[[Works], Awaitable[int]]


class Schedule:
    """The entries of one service; `wake` spares the first of them the wait.

    An entry that fails is logged, counted and tried again after a growing pause; it never ends its task.
    """

    def __init__(self, entries: Sequence[Every], works: Works) -> None:
        repeated = {entry.name for entry in entries if [each.name for each in entries].count(entry.name) > 1}
        if repeated:
            raise ValueError(f"entries of a schedule with the same name: {', '.join(sorted(repeated))}")
        self._works = works
        self._entries = tuple(entries)
        self._woken: Mapping[str, asyncio.Event] = {entry.name: asyncio.Event() for entry in entries}
        self._stopping = asyncio.Event()

    def wake(self, name: str) -> None:
        """Runs an entry now; also while it runs already, since that run may have read before the change.

        Raises KeyError for a name that is in no table: the caller misspelt it.
        """
        self._woken[name].set()

    def wake_all(self) -> None:
        """Runs every entry now: business time has jumped."""
        for woken in self._woken.values():
            woken.set()

    def stop(self) -> None:
        """Lets each entry end after the run that is under way."""
        self._stopping.set()
        self.wake_all()

    def loops(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """One loop for each entry, by the name of its task."""
        return {f"schedule {entry.name}": _looping(self, entry) for entry in self._entries}

    async def run_entry(self, entry: Every) -> None:
        """Runs one entry until `stop`."""
        woken, failures = self._woken[entry.name], 0
        while not self._stopping.is_set():
            woken.clear()
            try:
                done = await self._once(entry)
            except Exception as error:  # noqa: BLE001  the loop's edge
                failures += 1
                TASK_ERRORS.labels(f"schedule {entry.name}", type(error).__name__).inc()
                log.warning("schedule entry failed", entry=entry.name, failures=failures, exc_info=error)
                await _set_within(self._stopping, pause_after(failures))
                continue
            failures = 0
            # Without the zero-length wait a use case that never waits itself would starve everything else.
            await (asyncio.sleep(0) if done > 0 else _set_within(woken, entry.seconds))

    async def _once(self, entry: Every) -> int:
        with span(f"schedule {entry.name}"), _TOOK.labels(entry.name).time():
            done = await entry.use_case(self._works)
        _DONE.labels(entry.name).inc(done)
        return done


def pause_after(failures: int) -> float:
    """The pause in seconds before another try: doubled each time, spread so that not all return at once."""
    return min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures - 1, 10)) * random.uniform(0.8, 1.2)  # noqa: S311


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _looping(schedule: Schedule, entry: Every) -> Callable[[], Awaitable[None]]:
    async def loop() -> None:
        await schedule.run_entry(entry)

    return loop
