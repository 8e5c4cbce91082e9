"""Numbers for Prometheus that belong to no room in particular; rooms declare their own at module level."""

import asyncio
import time

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

LOOP_LAG = Gauge("linli_event_loop_lag_seconds", "How late the event loop woke at worst in the last 10 s")
TASK_ERRORS = Counter(
    "linli_task_errors_total", "Errors at a loop's edge; the loop went on", ["task", "error"]
)
UNHANDLED = Counter("linli_unhandled_errors_total", "Errors that nobody awaited", ["error"])
SUPPRESSED = Counter(
    "linli_log_lines_suppressed_total", "Repeated lines of libraries not written", ["logger"]
)


def exposition() -> tuple[bytes, str]:
    """The body of /metrics and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST


async def watch_loop_lag(period: float = 0.25, window: float = 10.0) -> None:
    """Measures for ever how late the loop turns (seconds): the first sign of blocking work."""
    worst, before, since = 0.0, 0.0, time.monotonic()
    while True:
        asked = time.monotonic() + period
        await asyncio.sleep(period)
        now = time.monotonic()
        worst = max(worst, now - asked)
        LOOP_LAG.set(max(worst, before))
        if now - since >= window:
            worst, before, since = 0.0, worst, now
