"""Runs what runs forever for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run until the block ends; what fails before fails the test."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 20, pause: float = 0.05) -> None:
    """Wait until something holds; fail when it does not come to that."""
    deadline = monotonic() + seconds
    while not await holds():
        assert monotonic() < deadline, "it never came to that"
        await asyncio.sleep(pause)
