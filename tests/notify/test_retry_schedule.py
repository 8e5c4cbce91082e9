"""Retries spread out and stay within their bounds."""

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.retrying import FIRST_SECONDS, LONGEST_SECONDS, next_delay

CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)


@given(st.lists(CHANCES, min_size=1, max_size=40))
def test_every_delay_lies_between_the_first_and_the_longest(chances: list[float]) -> None:
    delay = 0.0
    for chance in chances:
        before, delay = delay, next_delay(delay, chance)
        assert FIRST_SECONDS <= delay <= LONGEST_SECONDS
        assert delay <= 3 * max(before, FIRST_SECONDS)


@given(st.floats(min_value=0, max_value=LONGEST_SECONDS), CHANCES, CHANCES)
def test_different_chances_part_what_failed_together(previous: float, one: float, other: float) -> None:
    early, late = sorted((one, other))
    assert next_delay(previous, early) <= next_delay(previous, late)


def test_unlucky_failures_reach_the_longest_delay_within_seven_tries() -> None:
    delay = 0.0
    for _ in range(7):
        delay = next_delay(delay, 0.9)
    assert delay == LONGEST_SECONDS
