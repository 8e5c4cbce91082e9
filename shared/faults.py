"""Named points at which a test may have the process killed, as a power cut would."""

import os
import signal
from collections import Counter
from functools import lru_cache

_passed: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Kill the own process with -9 when `LINLI_CRASH_AT` says `name`, or `name:N` at the N-th passing."""
    wanted, passing = _wanted()
    if name != wanted:
        return
    _passed[name] += 1
    if _passed[name] == passing:
        os.kill(os.getpid(), signal.SIGKILL)


@lru_cache(maxsize=1)
def _wanted() -> tuple[str | None, int]:
    name, _, passing = os.environ.get("LINLI_CRASH_AT", "").partition(":")
    return name or None, int(passing or 1)
