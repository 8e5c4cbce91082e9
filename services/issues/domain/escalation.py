"""Escalation: when a case is late, who hears of it, level by level."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from services.issues.domain.deadline import Calendar, Counted
from services.issues.domain.dispatch import Target
from services.issues.domain.places import Kind

MOST_LEVELS = 9
Calendars = Mapping[Counted, Calendar]


class WrongLadder(ValueError):
    """A ladder of levels does not make sense."""


@dataclass(frozen=True, slots=True)
class Level:
    """Who hears of a case so many counted minutes after it was due."""

    after_minutes: int
    target: Target
    counted: Counted = Counted.round_the_clock

    def __post_init__(self) -> None:
        if self.after_minutes < 0:
            raise WrongLadder("nobody hears of a delay before there is one")
        if self.target.volunteers:
            raise WrongLadder("volunteers take tasks; a level tells a person or a role")


@dataclass(frozen=True, slots=True)
class Ladder:
    """The levels of a category, first to last; without any, nobody hears of delays."""

    levels: tuple[Level, ...]
    version: int = 1

    def __post_init__(self) -> None:
        if len(self.levels) > MOST_LEVELS:
            raise WrongLadder(f"a ladder has at most {MOST_LEVELS} levels")
        if any(
            one.counted is other.counted and other.after_minutes < one.after_minutes
            for one, other in pairwise(self.levels)
        ):
            raise WrongLadder("a level does not come before the one below it")


USUAL_LADDER = Ladder((Level(0, Target(role="operator", level=Kind.community)),), version=0)
"""The command room hears at once, until a community says otherwise."""


@dataclass(frozen=True, slots=True)
class Step:
    """One level of one case, numbered from 1, and when it is due."""

    number: int
    level: Level
    due_at: datetime


def steps(ladder: Ladder, case_due_at: datetime, reached: int, calendars: Calendars) -> Iterator[Step]:
    """Give the levels of a case beyond those it has reached, in order of level and of time."""
    latest = case_due_at
    for number, level in enumerate(ladder.levels, start=1):
        # However differently two levels count, no level comes before the one below it.
        latest = max(latest, calendars[level.counted].add(case_due_at, level.after_minutes))
        if number > reached:
            yield Step(number, level, latest)


def climb(
    ladder: Ladder, case_due_at: datetime, reached: int, now: datetime, calendars: Calendars
) -> tuple[list[Step], datetime | None]:
    """Tell which levels a case has come to, and when to look again (None: there are no more).

    A level's moment itself is not late yet, as with the deadline.
    """
    come: list[Step] = []
    for step in steps(ladder, case_due_at, reached, calendars):
        if step.due_at >= now:
            return come, step.due_at
        come.append(step)
    return come, None
