"""A violation's course as properties: each step once, in order and on time; over means over, in any order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.parking.domain.violation import (
    STALE_AFTER,
    Course,
    Says,
    begun,
    cleared,
    given_up,
    late,
    opens,
    proves,
    seen,
    stepped,
)
from services.parking.domain.violation_kind import (
    SHIPPED,
    Action,
    Kind,
    Step,
    UnknownKindError,
    WrongStepsError,
    check_steps,
    enabled_kind,
    kinds_at,
    steps_data,
    steps_from,
)
from services.parking.domain.violation_sight import Sight, sight_of

START = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@st.composite
def kinds_steps(draw: st.DrawFn) -> tuple[Step, ...]:
    minutes = st.integers(0, 30)
    steps = [Step(Action.tell_again, draw(minutes)) for _ in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        steps.append(Step(Action.ask_person, draw(minutes), draw(st.integers(1, 30))))
    if draw(st.booleans()):
        steps.append(Step(Action.street_office, draw(minutes)))
    check_steps(steps)
    return tuple(steps)


GIVEN_UP = "given-up"
OUTCOMES = st.sampled_from([says for says in Says if says is not Says.there])
WHAT = st.one_of(
    st.just(None), st.just(Says.there), OUTCOMES, st.just(GIVEN_UP), st.just(None), st.just(None)
)


def happen(course: Course, what: Says | str | None, of: datetime, now: datetime) -> Course:
    """The clock's tick (None), a look or word of some time, or that whoever was asked can do nothing."""
    match what:
        case None:
            return stepped(course, now)
        case Says.there:
            return seen(course, of)
        case Says():
            return cleared(course, what, of, now)
        case _:
            return given_up(course, now)


@settings(max_examples=100)
@given(kinds_steps(), st.lists(st.tuples(WHAT, st.integers(0, 20), st.integers(0, 30)), max_size=25))
def test_steps_are_taken_once_in_order_and_nothing_follows_the_end(
    steps: tuple[Step, ...], story: list[tuple[Says | str | None, int, int]]
) -> None:
    course, now = begun(steps, START, START), START
    for what, later, ago in story:
        now += timedelta(minutes=later)
        after = happen(course, what, now - timedelta(minutes=ago), now)
        assert happen(after, what, now - timedelta(minutes=ago), now).outcome == after.outcome
        assert after.step - course.step in {0, 1}
        if course.outcome is not None:
            assert after == course
        if after.step > course.step:
            assert after.outcome is None
            due = course.next_at is not None and course.next_at <= now
            assert due or (what == GIVEN_UP and course.action is Action.ask_person)
        if after.outcome is not None and course.outcome is None:
            assert now - timedelta(minutes=ago) >= course.last_seen_at
            assert (after.next_at, late(after, now)) == (None, False)
        course = after
    assert course.step <= len(steps)


@given(kinds_steps(), st.integers(1, 50))
def test_with_a_punctual_clock_each_step_is_taken_within_a_second(
    steps: tuple[Step, ...], delay_ms: int
) -> None:
    """Delays do not add up, however many steps there are."""
    course, expected, taken = begun(steps, START, START), START, 0
    while course.next_at is not None:
        expected += steps[taken].after + (steps[taken - 1].within if taken else timedelta())
        assert course.next_at == expected
        course = stepped(course, course.next_at + timedelta(milliseconds=19 * delay_ms))
        taken += 1
    assert taken == len(steps)


def test_after_an_outage_the_owner_still_has_the_time_between_two_steps() -> None:
    course = begun((Step(Action.tell_again, 5), Step(Action.tell_again, 10)), START, START)
    course = stepped(course, at(60))
    assert (course.step, course.next_at) == (1, at(70))
    assert stepped(course, at(69)) is course


@settings(max_examples=60)
@given(
    st.permutations([("there", 0), ("there", 7), ("gone", 3), ("gone", 9), ("gone", 9)]),
    st.booleans(),
    st.data(),
)
def test_looks_in_any_order_end_alike(looks: list[tuple[str, int]], back: bool, data: st.DataObject) -> None:
    """Whatever came first: it is open while the last look saw it there, and over once one later did not."""
    if back:
        looks = [*looks]
        looks.insert(data.draw(st.integers(0, 5)), ("there", 10))
    now, gone_at = at(10), None
    course: Course | None = None
    for what, minute in looks:
        if what == "gone":
            gone_at = max(gone_at or at(minute), at(minute))
            course = course and cleared(course, Says.moved, at(minute), now)
        elif course is not None and course.outcome is None:
            course = seen(course, at(minute))
        elif opens(at(minute), now, gone_at):
            course = begun((), at(minute), now)
    assert (course is not None and course.outcome is None) == back


def test_an_old_look_opens_nothing() -> None:
    assert opens(START - STALE_AFTER, START, None)
    assert not opens(START - STALE_AFTER - timedelta(seconds=1), START, None)


def test_who_may_stand_there_may_for_a_day_unless_the_car_left_since() -> None:
    day = timedelta(days=1)
    assert not opens(at(1), at(1), at(0), at(0))
    assert not opens(at(-1), at(1), at(0), at(0))
    assert not opens(START + day - timedelta(seconds=1), START + day, at(0), at(0))
    assert opens(START + day, START + day, at(0), at(0))
    assert opens(at(3), at(3), at(2), at(0))  # left at 2


ASKED = (Step(Action.ask_person, 5, 15), Step(Action.street_office, 5))


def test_who_was_asked_and_can_do_nothing_brings_the_next_step_at_once() -> None:
    asked = stepped(begun(ASKED, START, START), at(5))
    assert (asked.action, asked.asked_until, asked.next_at) == (Action.ask_person, at(20), at(25))
    after = given_up(asked, at(8))
    assert (after.action, after.stepped_at) == (Action.street_office, at(8))
    assert given_up(after, at(9)) == after  # again, or too late: nothing
    last = stepped(begun(ASKED[:1], START, START), at(5))
    assert given_up(last, at(8)) == last


def test_what_was_found_counts_with_evidence_and_not_of_ones_own_car() -> None:
    assert proves(("gu",), ("photo:1",), ("li", "na"))
    assert not proves(("gu",), (), ("li", "na"))
    assert not proves(("na",), ("photo:1",), ("li", "na"))
    assert not proves((), ("photo:1",), ())


def test_a_case_is_late_once_nobody_is_waited_for_any_more() -> None:
    """An asked person has their time, also as the last step; without steps all was tried at once."""
    for steps in (ASKED, ASKED[:1]):
        asked = stepped(begun(steps, START, START), at(5))
        assert (asked.action, late(asked, at(20)), late(asked, at(20.1))) == (Action.ask_person, False, True)
    office = stepped(stepped(begun(ASKED, START, START), at(5)), at(25))
    assert (office.action, late(office, at(25))) == (Action.street_office, True)
    assert late(begun((), START, START), START)
    told = begun(ASKED, START, START)
    assert (late(told, at(6)), late(told, at(6.1))) == (False, True)


@pytest.mark.parametrize(
    "steps",
    [
        [Step(Action.tell, 1)],
        [Step(Action.street_office, 1), Step(Action.tell_again, 1)],
        [Step(Action.ask_person, 1, 5), Step(Action.ask_person, 1, 5)],
        [Step(Action.ask_person, 1)],
        [Step(Action.tell_again, 1, 5)],
        [Step(Action.tell_again, -1)],
        [Step(Action.tell_again, 1)] * 10,
    ],
)
def test_steps_that_contradict_themselves_are_refused(steps: list[Step]) -> None:
    with pytest.raises(WrongStepsError):
        check_steps(steps)


def test_the_latest_version_in_force_counts_and_what_ships_without_one() -> None:
    off = Kind("fire-lane", 2, enabled=False, steps=(), effective_from=at(10))
    own = Kind("fire-lane", 1, enabled=True, steps=ASKED, effective_from=at(0))
    assert kinds_at([off, own], at(9))["fire-lane"] == own
    assert kinds_at([off, own], at(-1)) == SHIPPED
    with pytest.raises(UnknownKindError):
        enabled_kind(kinds_at([off, own], at(10)), "fire-lane")
    for kind in SHIPPED.values():
        check_steps(kind.steps)
        assert steps_from(steps_data(kind.steps)) == kind.steps


def test_everybody_concerned_follows_and_nobody_sees_more_than_their_role_needs() -> None:
    assert sight_of({"resident", "guard"}, concerned=False) is Sight.full
    assert sight_of({"steward"}, concerned=True) is Sight.asked
    assert sight_of({"resident"}, concerned=True) is Sight.own
    assert sight_of({"volunteer"}, concerned=True, goes=True) is Sight.asked
    assert sight_of({"resident", "volunteer"}, concerned=False) is None
