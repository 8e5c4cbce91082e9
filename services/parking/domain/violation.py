"""A car that must move: when a look at it opens a case, what is tried next, and what ends it.

Looks may come late and in any order: a case is open while the last look that counts saw the car there. What
is over stays over: no look from before that opens it again, and no other step is taken.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.parking.domain.violation_kind import Action, Step

STALE_AFTER = timedelta(hours=1)
"""An older look opens nothing: whoever is told to move a car must have it there now."""
EXCUSED_FOR = timedelta(hours=24)
"""How long the word that a car may stand there holds, unless it has left since."""
PUNCTUAL = timedelta(minutes=1)
"""A step taken within this of its time counts from its time, so that delays do not add up."""


class ClearedError(ValueError):
    """The violation is over."""


class OwnCarError(ValueError):
    """Whoever answers for the car says that it is gone."""


class Says(StrEnum):
    """What a look or a word says of a car; all but `there` are outcomes."""

    there = "there"
    moved = "moved"
    not_a_violation = "not-a-violation"
    removed = "removed"
    unresolved = "unresolved"


@dataclass(frozen=True, slots=True)
class Course:
    """How a violation has gone so far.

    `step` 0 is the first notice; `stepped_at` is when the current step began to count; `asked_until` by when
    a person should have looked; `next_at` None: nothing more happens by itself.
    """

    steps: tuple[Step, ...]
    step: int
    stepped_at: datetime
    asked_until: datetime | None
    next_at: datetime | None
    last_seen_at: datetime
    outcome: Says | None = None
    cleared_at: datetime | None = None

    @property
    def action(self) -> Action:
        """What the current step is."""
        return self.steps[self.step - 1].action if self.step else Action.tell


def opens(
    seen_at: datetime, now: datetime, gone_at: datetime | None, excused_at: datetime | None = None
) -> bool:
    """Tell whether a look that saw a car opens a case.

    `gone_at` is the latest look that said it is over, `excused_at` the latest that it was no violation.
    """
    if excused_at is not None and excused_at == gone_at and seen_at < excused_at + EXCUSED_FOR:
        return False
    return now - seen_at <= STALE_AFTER and (gone_at is None or gone_at < seen_at)


def begun(steps: tuple[Step, ...], seen_at: datetime, now: datetime) -> Course:
    """Begin with the first notice."""
    return _at(Course(steps, 0, now, None, None, seen_at), 0, now)


def seen(course: Course, seen_at: datetime) -> Course:
    """Add another look that saw the car there."""
    if course.outcome is not None:
        return course
    return replace(course, last_seen_at=max(course.last_seen_at, seen_at))


def cleared(course: Course, outcome: Says, looked_at: datetime, now: datetime) -> Course:
    """End it by a look or a word; one from before the car was last seen there changes nothing."""
    if course.outcome is not None or looked_at < course.last_seen_at or outcome is Says.there:
        return course
    return replace(course, outcome=outcome, cleared_at=now, next_at=None)


def stepped(course: Course, now: datetime) -> Course:
    """Take the next step if it is due."""
    if course.next_at is None or course.next_at > now:
        return course
    punctual = now - course.next_at <= PUNCTUAL
    return _at(course, course.step + 1, course.next_at if punctual else now)


def proves(went: Collection[str], evidence: Collection[str], owners: Collection[str]) -> bool:
    """Tell whether what was found by those who went to look counts: they show it, and it is not their car."""
    return bool(went) and bool(evidence) and not set(owners).intersection(went)


def given_up(course: Course, now: datetime) -> Course:
    """Hear from whoever was asked that nothing can be done: the next step comes at once."""
    if course.outcome is None and course.action is Action.ask_person and course.next_at is not None:
        return _at(course, course.step + 1, now)
    return course


def late(course: Course, now: datetime) -> bool:
    """Tell whether somebody must see to it: an answer or a step is overdue, or all was tried."""
    if course.outcome is not None:
        return False
    if course.asked_until is not None:
        return course.asked_until < now
    return course.next_at is None or course.next_at + PUNCTUAL < now


def _at(course: Course, step: int, since: datetime) -> Course:
    """Stand at a step since then, and reckon when the next one is due."""
    within = course.steps[step - 1].within if step else timedelta()
    done_at = since + within
    return replace(
        course,
        step=step,
        stepped_at=since,
        asked_until=done_at if within else None,
        next_at=done_at + course.steps[step].after if step < len(course.steps) else None,
    )
