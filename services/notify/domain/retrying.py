"""When to try again: decorrelated jitter, whose budget is the message's deadline and not a count.

After Marc Brooker, "Exponential Backoff And Jitter": each delay is drawn between the base and three times the
one before, so that many messages that failed together do not come back together.
"""

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0


def next_delay(previous: float, chance: float) -> float:
    """Give the seconds to wait after a failure; `previous` is the last delay or 0, `chance` in [0, 1)."""
    highest = max(FIRST_SECONDS, previous) * 3
    return min(LONGEST_SECONDS, FIRST_SECONDS + chance * (highest - FIRST_SECONDS))
