"""A task: what is needed, when, by how many; and its end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.volunteer.domain.claim import Claim, ClaimState
from services.volunteer.domain.kind import KindRules
from services.volunteer.domain.position import Point

LONGEST_WINDOW = timedelta(days=92)
GRACE = timedelta(hours=1)
"""How long after the window a task waits for who has taken it and did not check in."""
LONGEST_AT_THE_DOOR = timedelta(hours=24)
CODE_TRIES = 5


class TaskState(StrEnum):
    """Where a task stands."""

    open = "open"
    completed = "completed"
    expired = "expired"


class Outcome(StrEnum):
    """How what was asked for ended."""

    done = "done"
    not_needed = "not-needed"
    not_possible = "not-possible"
    expired = "expired"


class WrongTaskError(ValueError):
    """What is asked for makes no sense."""


class TaskOverError(ValueError):
    """The task is over."""

    def __init__(self) -> None:
        super().__init__("the task is over")


class WrongTimeError(ValueError):
    """The promised time does not fit the task."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What strangers may know of it; kilograms, and the floor to climb to without a lift."""

    minutes: int
    weight_kg: int | None = None
    floor: int | None = None
    lift: bool | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task; `places` is how many are needed, `family` who hears of it; times are business time.

    `about_version` is the sequence of the event that asked for it.

    `look_at` is when the clock next looks whether it has expired, None when only people can end it, and
    `offer_at` when it next looks whom to ask, None when nobody is to be asked.
    """

    id: UUID
    community: UUID
    kind: str
    rules: KindRules
    effort: Effort
    starts_at: datetime
    ends_at: datetime
    places: int
    two_persons: bool
    opened_at: datetime
    look_at: datetime | None
    beneficiary: UUID | None = None
    family: tuple[str, ...] = ()
    asked_by: str | None = None
    about_type: str | None = None
    about_id: UUID | None = None
    about_version: int | None = None
    place: UUID | None = None
    point: Point | None = None
    code: str | None = None
    code_failures: int = 0
    state: TaskState = TaskState.open
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    offer_at: datetime | None = None
    version: int = 1

    def checked(self, now: datetime) -> "Task":
        """The task, if its window makes sense now; raises WrongTaskError."""
        effort = timedelta(minutes=self.effort.minutes)
        if self.ends_at - max(self.starts_at, now) < effort:
            raise WrongTaskError("there is not enough time for it in its window")
        if self.ends_at - now > LONGEST_WINDOW:
            raise WrongTaskError("a task lies at most 92 days ahead")
        return self

    def must_be_open(self) -> None:
        """Raises TaskOverError unless the task is open."""
        if self.state is not TaskState.open:
            raise TaskOverError

    def promised(self, at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
        """The time somebody promises who comes then, or as soon as can be; half open.

        Raises WrongTimeError when it lies outside the window or the hours of the day.
        """
        starts_at = max(at or now, now, self.starts_at) if at is None or at <= now else at
        ends_at = starts_at + timedelta(minutes=self.effort.minutes)
        if starts_at < self.starts_at or ends_at > self.ends_at:
            raise WrongTimeError("the time lies outside the task's window")
        if not self.rules.in_hours(starts_at, ends_at):
            raise WrongTimeError("such tasks are not done at that hour")
        return starts_at, ends_at

    def changed(self) -> "Task":
        """The task in its next version: every fact about it has its own."""
        return replace(self, version=self.version + 1)

    def over(self, outcome: Outcome, now: datetime) -> "Task":
        """The task at its end; the code dies with it."""
        state = TaskState.expired if outcome is Outcome.expired else TaskState.completed
        return replace(
            self,
            state=state,
            outcome=outcome,
            ended_at=now,
            look_at=None,
            offer_at=None,
            code=None,
            version=self.version + 1,
        )

    def next_look(self, claims: Sequence[Claim]) -> datetime | None:
        """When the clock ends the task: now or earlier means at once, None that it waits for people."""
        states = {claim.state for claim in claims if claim.live}
        if ClaimState.reported in states:
            return None
        if ClaimState.checked_in in states:
            return self.ends_at + LONGEST_AT_THE_DOOR
        return self.ends_at + GRACE if states else self.ends_at
