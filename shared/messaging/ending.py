"""Ends what may hang, fail or have been cancelled from within, in bounded time."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def ended_well(work: Coroutine[Any, Any, object], seconds: float) -> bool:
    """Run a client's own ending and tell whether it came through; its errors and its end are not ours.

    `wait_for` would pass on the cancellation of a task that the client awaits as if it were the caller's.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    await asyncio.wait({task}, timeout=0.5)
    return task.done() and not task.cancelled() and task.exception() is None
