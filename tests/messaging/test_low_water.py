"""The mark never passes a row that is still to come, and does not stay behind for ever."""

from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.low_water import LowWater

LONGEST = 30.0

# What happens, with the seconds that pass before: a transaction of that length takes an id, or a read.
Happenings = st.lists(
    st.tuples(st.floats(0, 20), st.one_of(st.none(), st.floats(0, LONGEST))), min_size=1, max_size=60
)


def play(
    happenings: list[tuple[float, float | None]], kept_reads: int
) -> tuple[set[int], set[int], LowWater]:
    """Give the ids that were committed, those that reads have seen, and the mark."""
    water = LowWater(trail=LONGEST + 1)
    commits: dict[int, float] = {}
    seen: set[int] = set()
    deletable: list[set[int]] = []
    now, number = 0.0, 0
    for passing, length in happenings:
        now += passing
        if length is not None:
            number += 1
            commits[number] = now + length
            continue
        found = {one for one, at in commits.items() if at <= now and one > water.mark} - seen
        seen |= found
        deletable.append(found)
        kept = set().union(*deletable[-kept_reads:]) if kept_reads else set()
        water.observe(now, max(found, default=0), oldest_kept=min(kept, default=None))
        assert all(one > water.mark for one in kept)
    return {one for one, at in commits.items() if at <= now}, seen, water


@given(happenings=Happenings, kept_reads=st.integers(0, 3))
def test_every_row_is_read_however_late_it_commits(
    happenings: list[tuple[float, float | None]], kept_reads: int
) -> None:
    committed, seen, _ = play([*happenings, (LONGEST, None), (0.0, None)], kept_reads)
    assert seen == committed


@given(happenings=Happenings)
def test_the_mark_catches_up_when_it_is_calm(happenings: list[tuple[float, float | None]]) -> None:
    calm: list[tuple[float, float | None]] = [(LONGEST + 2, None)] * 3
    committed, _, water = play([*happenings, *calm], 0)
    assert water.mark == max(committed, default=0)


def test_a_mark_that_does_not_trail_would_lose_rows() -> None:
    """The simulation can tell: with a trail of nothing the slow transaction is passed over."""
    water = LowWater(trail=0)
    water.observe(1.0, 7, oldest_kept=None)
    water.observe(2.0, 0, oldest_kept=None)
    assert water.mark == 7
