"""The one supervisor: no work runs without it, a task that ends ends the process, and a stop has a deadline.

asyncio.TaskGroup would cancel everything at once; here the stages stop in an order, because a request that is
being finished still needs the batch writer, and the facts it stores still need the relay.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from shared.telemetry.logs import log


class Stage(IntEnum):
    """When a task is stopped; the tasks of a stage stop together, a stage when those before it have."""

    INTAKE = 0  # HTTP, consumer, schedule: what begins work
    BATCHES = 1  # what finishes it
    RELAY = 2  # what tells of it
    WATCH = 3


PATIENCE = {Stage.INTAKE: 4.0, Stage.BATCHES: 1.0, Stage.RELAY: 3.0, Stage.WATCH: 0.2}
"""Seconds each stage has; their sum leaves the rest of ten seconds to closing connections."""

_AFTER_CANCEL = 0.4
"""Seconds in which a cancelled task must end; a shielded wait for a dead server is left behind."""


class TaskEndedError(RuntimeError):
    """A supervised task ended, by an error or of itself; the process cannot go on without it."""


@dataclass(frozen=True)
class Supervised:
    """A loop and how it is asked to stop; without `stop` it is cancelled, which it must bear at any point.

    It begins when `after` has passed, and a stop before that cancels it.
    """

    name: str
    stage: Stage
    run: Callable[[], Awaitable[None]]
    stop: Callable[[], None] | None = None
    after: Callable[[], Awaitable[None]] | None = None


class Supervisor:
    """Starts loops, notices when one ends, and stops them stage by stage."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], Supervised] = {}
        self._begun: set[Supervised] = set()
        self._stopping = False
        self._ended = asyncio.Event()
        self.failure: TaskEndedError | None = None

    def start(self, loop: Supervised) -> None:
        """Runs a loop as a task."""
        task = asyncio.create_task(self._run(loop), name=loop.name)
        self._tasks[task] = loop
        task.add_done_callback(self._notice)

    def problem(self) -> str | None:
        """What has ended that should not, None as long as all runs: liveness."""
        return None if self.failure is None else str(self.failure)

    async def ended(self) -> None:
        """Waits until a task ends that should not; raises TaskEndedError."""
        await self._ended.wait()
        self.check()

    def check(self) -> None:
        """Raises TaskEndedError when a task has ended that should not."""
        if self.failure is not None:
            raise self.failure

    async def stop(self) -> None:
        """Stops all tasks in order; one that does not keep its time is named in the log and left behind."""
        self._stopping = True
        for stage in Stage:
            tasks = [task for task, loop in self._tasks.items() if loop.stage is stage and not task.done()]
            await self._stop_together(tasks, PATIENCE[stage])

    async def _stop_together(self, tasks: Sequence[asyncio.Task[None]], seconds: float) -> None:
        if not tasks:
            return
        for task in tasks:
            loop = self._tasks[task]
            (loop.stop if loop.stop and loop in self._begun else task.cancel)()
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            log.warning("a task does not stop in time and is cut off", task=task.get_name(), seconds=seconds)
            task.cancel()
        if late:
            _, lost = await asyncio.wait(late, timeout=_AFTER_CANCEL)
            for task in lost:
                log.error("a task cannot be cut off and is left behind", task=task.get_name())

    async def _run(self, loop: Supervised) -> None:
        if loop.after is not None:
            await loop.after()
        self._begun.add(loop)
        await loop.run()

    def _notice(self, task: asyncio.Task[None]) -> None:
        loop = self._tasks.pop(task)
        error = None if task.cancelled() else task.exception()
        if self._stopping:
            if error is not None:
                log.warning("a task failed while it stopped", task=loop.name, exc_info=error)
            return
        log.critical("a task ended, so the process ends", task=loop.name, exc_info=error)
        if self.failure is None:
            self.failure = TaskEndedError(f"{loop.name} ended: {error!r}" if error else f"{loop.name} ended")
            self.failure.__cause__ = error
        self._ended.set()
