"""Starts and ends what may hang, fail or have been cancelled from within, in bounded time."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def ended_well(work: Coroutine[Any, Any, object], seconds: float) -> bool:
    """Run a client's own ending and tell whether it came through; its errors and its end are not ours.

    `wait_for` would pass on the cancellation of a task that the client awaits as if it were the caller's.
    """
    task = asyncio.create_task(work)
    await _ended(task, seconds)
    return task.done() and not task.cancelled() and task.exception() is None


async def started(work: Coroutine[Any, Any, object], seconds: float = 10.0) -> None:
    """Run a client's own start; one that is given up gets a moment to come through before it is cancelled.

    aiokafka 0.14, cancelled while it asks for the first metadata, forgets the connection on which it asked.

    Raises:
        TimeoutError: it took too long.
        Exception: whatever the start raises.
    """
    task = asyncio.create_task(work)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(task)
    finally:
        await _ended(task, 1)


async def _ended(task: asyncio.Task[object], seconds: float) -> None:
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    await asyncio.wait({task}, timeout=0.5)
