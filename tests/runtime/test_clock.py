"""Business time: equal in all processes of a suite, jumping forward only, kept over restarts."""

import contextlib
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.clock import (
    BrokenClockFile,
    JumpingClock,
    SystemClock,
    TimeRunsForward,
    jump,
    read_anchor,
)

LAST_YEAR = datetime(2025, 3, 1, 8, tzinfo=UTC)
SLACK = timedelta(seconds=5)


def test_without_a_file_business_time_is_wall_time(tmp_path: Path) -> None:
    assert abs(JumpingClock(tmp_path / "clock").now() - datetime.now(UTC)) < SLACK


def test_a_fresh_suite_may_start_in_the_past_and_time_runs_on(tmp_path: Path) -> None:
    path = tmp_path / "state" / "clock"
    jump(path, LAST_YEAR)
    clock = JumpingClock(path)
    first, second = clock.now(), clock.now()
    assert LAST_YEAR <= first < second < LAST_YEAR + SLACK


def test_a_jump_reaches_a_clock_that_is_already_running(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    jump(path, LAST_YEAR)
    running = JumpingClock(path, recheck_seconds=0)
    jump(path, LAST_YEAR + timedelta(hours=2))
    assert running.now() >= LAST_YEAR + timedelta(hours=2)


def test_a_restarted_process_goes_on_where_the_suite_stood(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    jump(path, LAST_YEAR)
    before = JumpingClock(path).now()
    assert before <= JumpingClock(path).now() < before + SLACK


def test_going_back_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    jump(path, LAST_YEAR)
    kept = read_anchor(path)
    with pytest.raises(TimeRunsForward, match="never goes back"):
        jump(path, LAST_YEAR - timedelta(seconds=1))
    assert read_anchor(path) == kept


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        jump(tmp_path / "clock", LAST_YEAR.replace(tzinfo=None))


def test_a_broken_file_stops_a_start_but_not_a_running_clock(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    jump(path, LAST_YEAR)
    running = JumpingClock(path, recheck_seconds=0)
    path.write_text('{"wall": 3}')
    assert LAST_YEAR <= running.now() < LAST_YEAR + SLACK
    with pytest.raises(BrokenClockFile, match="should hold"):
        JumpingClock(path)


def test_a_removed_file_does_not_turn_a_future_clock_back(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    future = datetime.now(UTC) + timedelta(days=400)
    jump(path, future)
    running = JumpingClock(path, recheck_seconds=0)
    assert running.now() >= future
    path.unlink()
    assert running.now() >= future


def test_of_many_jumps_at_once_the_latest_stands(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    jump(path, LAST_YEAR)
    targets = [LAST_YEAR + timedelta(hours=hour) for hour in range(1, 17)]

    def try_to(target: datetime) -> None:
        with contextlib.suppress(TimeRunsForward):  # somebody else was further ahead
            jump(path, target)

    threads = [threading.Thread(target=try_to, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert JumpingClock(path).now() >= max(targets)


jumps = st.lists(st.timedeltas(min_value=timedelta(days=-30), max_value=timedelta(days=30)), max_size=12)


starts = st.timedeltas(timedelta(days=-9000), timedelta(days=9000)).map(LAST_YEAR.__add__)


@given(start=starts, steps=jumps)
def test_no_sequence_of_jumps_turns_any_clock_back(start: datetime, steps: list[timedelta]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clock"
        jump(path, start)
        clock = JumpingClock(path, recheck_seconds=0)
        seen = clock.now()
        for step in steps:
            target = seen + step
            try:
                jump(path, target)
            except TimeRunsForward:
                assert step <= timedelta(0)
            else:
                assert clock.now() >= target
            now = clock.now()
            assert now >= seen
            seen = now


def test_the_system_clock_never_goes_back() -> None:
    clock = SystemClock()
    times = [clock.now() for _ in range(1000)]
    assert times == sorted(times)
    assert times[0].tzinfo is UTC
