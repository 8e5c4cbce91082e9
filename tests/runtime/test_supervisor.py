"""The supervisor: a task that ends is noticed, stages stop in order, nothing outlives its time."""

import asyncio
import time

import pytest

from shared.runtime import supervisor as module
from shared.runtime.serving import DEADLINE_SECONDS
from shared.runtime.supervisor import Stage, Supervised, Supervisor, TaskEndedError

pytestmark = pytest.mark.anyio


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_task_that_fails_is_noticed_with_its_cause() -> None:
    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise OSError("no space left")

    supervisor = Supervisor()
    supervisor.start(Supervised("watch", Stage.WATCH, for_ever))
    supervisor.start(Supervised("relay", Stage.RELAY, fails))
    assert supervisor.problem() is None
    with pytest.raises(TaskEndedError, match=r"relay ended.*no space left") as caught:
        await asyncio.wait_for(supervisor.ended(), 1)
    assert isinstance(caught.value.__cause__, OSError)
    assert "relay ended" in (supervisor.problem() or "")
    await supervisor.stop()


async def test_a_task_that_just_returns_is_noticed_too() -> None:
    async def returns() -> None:
        await asyncio.sleep(0)

    supervisor = Supervisor()
    supervisor.start(Supervised("consumer", Stage.INTAKE, returns))
    with pytest.raises(TaskEndedError, match="consumer ended"):
        await asyncio.wait_for(supervisor.ended(), 1)


async def test_stages_stop_one_after_another() -> None:
    order: list[str] = []

    def recording(name: str, stage: Stage, seconds: float) -> Supervised:
        async def loop() -> None:
            try:
                await for_ever()
            finally:
                await asyncio.sleep(seconds)
                order.append(name)

        return Supervised(name, stage, loop)

    supervisor = Supervisor()
    supervisor.start(recording("relay", Stage.RELAY, 0))
    supervisor.start(recording("batch", Stage.BATCHES, 0.05))
    supervisor.start(recording("api", Stage.INTAKE, 0.1))
    await asyncio.sleep(0)
    await supervisor.stop()
    assert order == ["api", "batch", "relay"]
    assert supervisor.problem() is None


async def test_a_task_with_a_stop_of_its_own_is_not_cancelled() -> None:
    asked, finished = asyncio.Event(), []

    async def loop() -> None:
        await asked.wait()
        await asyncio.sleep(0.05)
        finished.append(True)

    supervisor = Supervisor()
    supervisor.start(Supervised("schedule", Stage.INTAKE, loop, asked.set))
    await asyncio.sleep(0)
    await supervisor.stop()
    assert finished == [True]


async def test_a_task_that_will_not_stop_is_left_behind_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.PATIENCE, Stage.RELAY, 0.1)
    monkeypatch.setattr(module, "_AFTER_CANCEL", 0.1)
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await asyncio.wait_for(let_go.wait(), 10)
            except asyncio.CancelledError:
                continue

    supervisor = Supervisor()
    supervisor.start(Supervised("stubborn", Stage.RELAY, stubborn))
    await asyncio.sleep(0)
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 3
    let_go.set()


def test_the_stages_together_leave_time_to_close_within_ten_seconds() -> None:
    worst = sum(module.PATIENCE[stage] + module._AFTER_CANCEL for stage in Stage if stage is not Stage.WATCH)
    assert worst < DEADLINE_SECONDS < 10
