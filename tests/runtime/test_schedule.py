"""The schedule: each entry on its own, woken by name, again while there is work, never ended by an error."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from prometheus_client import REGISTRY

from shared.database.work import Works
from shared.runtime.schedule import LONGEST_PAUSE, Every, Schedule, pause_after

pytestmark = pytest.mark.anyio

NO_WORKS = cast(Works, None)  # these use cases open no unit of work


class Counted:
    """A use case that says how often it ran, and does what a list tells it."""

    def __init__(self, *outcomes: int | Exception) -> None:
        self._outcomes = list(outcomes)
        self.runs = 0
        self._ran = asyncio.Condition()

    async def until(self, runs: int) -> None:
        """Waits until it ran so often."""
        async with asyncio.timeout(10), self._ran:
            await self._ran.wait_for(lambda: self.runs >= runs)

    async def __call__(self, _works: Works) -> int:
        async with self._ran:
            self.runs += 1
            self._ran.notify_all()
        outcome = self._outcomes.pop(0) if self._outcomes else 0
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def running(schedule: Schedule, body: Callable[[], Awaitable[None]]) -> None:
    tasks = [asyncio.ensure_future(loop()) for loop in schedule.loops().values()]
    try:
        await body()
    finally:
        schedule.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 2)


async def test_an_entry_runs_at_the_start_and_again_when_woken() -> None:
    use_case = Counted()
    schedule = Schedule([Every("sweep", 3600, use_case)], NO_WORKS)

    async def body() -> None:
        await use_case.until(1)
        schedule.wake("sweep")
        await use_case.until(2)
        await asyncio.sleep(0.05)

    await running(schedule, body)
    assert use_case.runs == 2


async def test_while_there_is_work_it_runs_at_once_again() -> None:
    use_case = Counted(500, 500, 20)

    async def body() -> None:
        await use_case.until(4)
        await asyncio.sleep(0.05)

    await running(Schedule([Every("sweep", 3600, use_case)], NO_WORKS), body)
    assert use_case.runs == 4


async def test_a_wake_during_a_run_is_not_lost() -> None:
    counted, go_on = Counted(), asyncio.Event()

    async def use_case(works: Works) -> int:
        done = await counted(works)
        await go_on.wait()
        return done

    schedule = Schedule([Every("sweep", 3600, use_case)], NO_WORKS)

    async def body() -> None:
        await counted.until(1)
        schedule.wake("sweep")
        go_on.set()
        await counted.until(2)
        await asyncio.sleep(0.05)

    await running(schedule, body)
    assert counted.runs == 2


async def test_an_entry_that_fails_is_counted_and_runs_again() -> None:
    def counted() -> float:
        labels = {"task": "schedule failing", "error": "OSError"}
        return REGISTRY.get_sample_value("linli_task_errors_total", labels) or 0

    use_case, before = Counted(OSError("away"), OSError("away")), counted()

    async def body() -> None:
        await use_case.until(3)

    await running(Schedule([Every("failing", 3600, use_case)], NO_WORKS), body)
    assert counted() - before == 2


async def test_a_slow_entry_delays_no_other() -> None:
    may_end, quick = asyncio.Event(), Counted()

    async def slow(_works: Works) -> int:
        await may_end.wait()
        return 0

    async def body() -> None:
        await quick.until(3)
        may_end.set()

    await running(Schedule([Every("slow", 1, slow), Every("quick", 0.05, quick)], NO_WORKS), body)
    assert quick.runs >= 3


async def test_a_stop_lets_the_run_under_way_finish() -> None:
    finished = []

    async def use_case(_works: Works) -> int:
        await asyncio.sleep(0.2)
        finished.append(True)
        return 1

    await running(Schedule([Every("sweep", 3600, use_case)], NO_WORKS), lambda: asyncio.sleep(0.05))
    assert finished == [True]


def test_two_entries_of_one_name_and_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="sweep"):
        Schedule([Every("sweep", 1, Counted()), Every("sweep", 2, Counted())], NO_WORKS)
    with pytest.raises(KeyError):
        Schedule([], NO_WORKS).wake("swep")


def test_pauses_grow_and_have_an_end() -> None:
    assert pause_after(1) < 1
    assert pause_after(1) * 2 < pause_after(4)
    assert pause_after(10_000) <= LONGEST_PAUSE * 1.2
