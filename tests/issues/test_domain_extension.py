"""More time and lateness, lived at random: whoever was told was told right, and nobody is left untold."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.issues.domain.case import NotTheirs, Seer
from services.issues.domain.deadline import ROUND_THE_CLOCK, Counted
from services.issues.domain.dispatch import Assignee, Target
from services.issues.domain.escalation import Ladder, Level, climb
from services.issues.domain.extension import Decision, Extension, TooLateToAsk, approve, later, refuse
from services.issues.domain.life import assign
from tests.issues.test_domain_case import CASE, START

LADDER = Ladder(tuple(Level(minutes, Target(person="boss")) for minutes in (0, 30, 24 * 60)))
ANN, OLIVE = Seer("ann", frozenset()), Seer("olive", frozenset({"operator"}))


class Lateness(RuleBasedStateMachine):
    """Ann has a case with two hours; she asks for more, Olive decides, and the clock goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.case = assign(CASE, Assignee(person="ann"))
        self.now = START
        self.asked: Extension | None = None
        self.reached = 0

    @rule(minutes=st.integers(1, 150))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        assert self.case.due_at is not None
        come, _ = climb(
            LADDER, self.case.due_at, self.reached, self.now, {Counted.round_the_clock: ROUND_THE_CLOCK}
        )
        assert [step.number for step in come] == [self.reached + 1 + each for each in range(len(come))]
        self.reached += len(come)

    @rule(minutes=st.integers(1, 2 * 24 * 60))
    def ann_asks(self, minutes: int) -> None:
        due_at = self.case.due_at
        assert due_at is not None
        try:
            until = later(self.case, ANN, minutes, ROUND_THE_CLOCK, self.now)
        except TooLateToAsk:
            assert self.now > due_at
            return
        self.asked = Extension(CASE.id, CASE.id, Decision.asked, "ann", self.now, "so", due_at, until)

    @rule(approved=st.booleans())
    def olive_decides(self, approved: bool) -> None:
        if self.asked is None:
            return
        with suppress(NotTheirs):
            approve(self.case, self.asked, replace(OLIVE, person="ann"), self.now)
            raise AssertionError("she cannot approve it herself")
        due_at = self.case.due_at
        assert due_at is not None
        try:
            self.case = (
                approve(self.case, self.asked, OLIVE, self.now)
                if approved
                else refuse(self.case, self.asked, OLIVE)
            )
        except TooLateToAsk:
            assert self.now > due_at
            return
        assert (self.case.due_at == self.asked.due_at) is approved
        self.asked = None

    @invariant()
    def every_level_whose_time_has_come_is_told_and_no_other(self) -> None:
        assert self.case.due_at is not None
        due = [self.case.due_at + timedelta(minutes=level.after_minutes) for level in LADDER.levels]
        assert self.reached == sum(moment < self.now for moment in due)


TestLateness = Lateness.TestCase
TestLateness.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
