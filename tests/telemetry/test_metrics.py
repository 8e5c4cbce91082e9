"""The loop's lag is measured: blocking work shows."""

import asyncio
import time

import pytest

from shared.telemetry.metrics import exposition, watch_loop_lag

pytestmark = pytest.mark.anyio


async def test_blocking_the_loop_shows_as_lag() -> None:
    watching = asyncio.create_task(watch_loop_lag(period=0.01))
    await asyncio.sleep(0.05)
    time.sleep(0.3)  # noqa: ASYNC251  what must not happen is what is measured
    await asyncio.sleep(0.05)
    watching.cancel()
    body, kind = exposition()
    lag = next(
        line for line in body.decode().splitlines() if line.startswith("linli_event_loop_lag_seconds ")
    )
    assert float(lag.split()[1]) > 0.2
    assert kind.startswith("text/plain")
