"""The life of a case, lived at random: no illegal state is reached, and no clock ever starts anew."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.issues.domain import life
from services.issues.domain.case import CHANGES, ENDED, Case, Change, NotTheirs, Seer, State, WrongState
from services.issues.domain.clocks import Clocks, Step, clocks
from services.issues.domain.closing import ClosingRules
from services.issues.domain.dispatch import Assignee
from tests.issues.test_domain_case import CASE, START, assignees, seers

NOT_THEM = (NotTheirs, life.SecondPersonNeeded, life.NotChecked, life.TooLateToReopen)
closing_rules = st.builds(ClosingRules, st.booleans(), st.integers(0, 3))
HANDLED = {State.assigned, State.in_progress}


class Life(RuleBasedStateMachine):
    """Everybody tries everything at any time; what happens is entered and checked against the table."""

    def __init__(self) -> None:
        super().__init__()
        self.case = CASE
        self.now = START
        self.history = [Step("reported", START)]
        self.shown: Clocks | None = None
        # Kept here second by second, independently of the history.
        self.held: Counter[Assignee] = Counter()

    @initialize(to=st.none() | assignees)
    def it_is_reported(self, to: Assignee | None) -> None:
        """Dispatched at once, or looked at first."""
        if to is not None:
            self.happens(Change.assigned, lambda case: life.assign(case, to))

    @rule(minutes=st.integers(1, 3 * 24 * 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        if self.case.state in HANDLED and self.case.assignee is not None:
            self.held[self.case.assignee] += minutes * 60

    @rule(to=assignees)
    def somebody_accepts(self, to: Assignee) -> None:
        before = self.case.state
        if self.happens(Change.accepted, lambda case: life.accept(case, self.now)) and (
            before is State.reported
        ):
            assert self.happens(Change.assigned, lambda case: life.assign(case, to))

    @rule()
    def somebody_refuses(self) -> None:
        self.happens(Change.refused, lambda case: life.refuse(case, self.now))

    @rule(to=assignees)
    def somebody_assigns(self, to: Assignee) -> None:
        self.happens(Change.assigned, lambda case: life.assign(case, to))

    @rule(by=seers)
    def somebody_starts(self, by: Seer) -> None:
        self.happens(Change.started, lambda case: life.start(case, by))

    @rule()
    def it_is_given_back(self) -> None:
        self.happens(Change.returned, life.give_back)

    @rule(by=seers)
    def somebody_resolves(self, by: Seer) -> None:
        self.happens(Change.resolved, lambda case: life.resolve(case, [by.person], self.now))

    @rule(by=seers, fixed=st.booleans())
    def somebody_checks(self, by: Seer, fixed: bool) -> None:
        resolvers = self.case.resolvers
        change = Change.checked if fixed else Change.not_fixed
        if self.happens(change, lambda case: life.check(case, by, fixed=fixed)):
            assert by.person not in resolvers

    @rule(rules=closing_rules)
    def somebody_closes(self, rules: ClosingRules) -> None:
        before = self.case.state
        if self.happens(Change.closed, lambda case: life.close(case, self.now, rules)):
            assert before is State.checked or not rules.check_needed

    @rule(by=seers)
    def somebody_reopens(self, by: Seer) -> None:
        until = self.case.reopen_until
        if self.happens(Change.reopened, lambda case: life.reopen(case, by, self.now)):
            assert until is not None
            assert self.now < until
            assert by.person == "rita" or "operator" in by.roles

    @rule(by=seers)
    def somebody_withdraws(self, by: Seer) -> None:
        if self.happens(Change.withdrawn, lambda case: life.withdraw(case, by, self.now)):
            assert by.person == "rita"

    @rule(by=seers)
    def somebody_rates(self, by: Seer) -> None:
        self.happens(Change.rated, lambda case: life.rate(case, by))

    def happens(self, change: Change, make: Callable[[Case], Case]) -> bool:
        before = self.case
        try:
            after = make(before)
        except NOT_THEM:
            return False
        except WrongState:
            assert self.impossible(change), f"a case that is {before.state} can be {change}"
            return False
        assert before.state in CHANGES[change]
        expected = CHANGES[change][before.state]
        if change is Change.reopened and after.assignee is None:
            expected = State.accepted
        assert (after.state, after.version) == (expected, before.version + 1)
        assert (after.reported_at, after.due_at, after.reporter) == (CASE.reported_at, CASE.due_at, "rita")
        assert after.closings == before.closings + (change is Change.closed)
        given = change in {Change.assigned, Change.not_fixed, Change.reopened} and after.assignee is not None
        self.history.append(Step(change.value, self.now, after.assignee if given else None))
        self.case = after
        return True

    def impossible(self, change: Change) -> bool:
        accepted_twice = change is Change.accepted and self.case.accepted_at is not None
        return self.case.state not in CHANGES[change] or accepted_twice

    @invariant()
    def somebody_has_what_is_being_handled(self) -> None:
        case = self.case
        assert case.state not in HANDLED | {State.resolved, State.checked} or case.assignee is not None
        assert (case.closed_at is not None) == (case.state in ENDED)
        assert (case.reopen_until is not None) == (case.state is State.closed)
        assert case.version == len(self.history)

    @invariant()
    def no_clock_starts_anew(self) -> None:
        times = clocks(self.case, self.history, self.now)
        end = self.case.closed_at or self.now
        assert times.case == (end - START).total_seconds()
        assert +Counter(times.handlers) == +self.held
        assert (times.since is not None) == (self.case.state in HANDLED)
        if self.shown is not None:
            assert all(times.handlers[who] >= seconds for who, seconds in self.shown.handlers.items())
            assert self.shown.case is not None
            assert times.case >= self.shown.case
        self.shown = times


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_clock_read_in_the_wrong_order_runs_no_time_backwards() -> None:
    """A change that waited for another's lock carries the earlier time of its own beginning."""
    ann = Assignee(person="ann")
    late, early = START + timedelta(hours=2), START + timedelta(hours=1)
    steps: list[Any] = [Step("assigned", late, ann), Step("returned", early)]
    times = clocks(CASE, steps, late)
    assert (times.case, times.handlers, times.since) == (7200, {ann: 0}, None)


def test_an_imported_case_that_ended_nobody_knows_when_has_no_clock() -> None:
    ended = replace(CASE, state=State.closed, closed_at=None)
    assert clocks(ended, [], datetime.max.replace(tzinfo=START.tzinfo)).case is None
