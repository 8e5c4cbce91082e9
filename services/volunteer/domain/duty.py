"""Duty: a stretch of time in which a volunteer may be called upon, begun by a switch or planned ahead."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LONGEST = timedelta(hours=16)
FARTHEST_AHEAD = timedelta(days=92)


class DutyState(StrEnum):
    """Where a stretch of duty stands; `cancelled` never began."""

    planned = "planned"
    on = "on"
    over = "over"
    cancelled = "cancelled"


class WrongDutyError(ValueError):
    """The times of a stretch of duty make no sense."""


class DutyOverlapsError(ValueError):
    """The volunteer has duty in that time already."""


class NotOnDutyError(ValueError):
    """The stretch of duty is over, or the volunteer may not be asked at all."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One stretch, from `starts_at` up to but without `ends_at` (business time)."""

    id: UUID
    community: UUID
    volunteer: UUID
    person: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    state: DutyState = DutyState.planned
    version: int = 1

    def checked(self, now: datetime) -> "Duty":
        """The stretch, if its times make sense now; raises WrongDutyError."""
        if self.starts_at < now:
            raise WrongDutyError("duty cannot begin in the past")
        if not timedelta(0) < self.ends_at - self.starts_at <= LONGEST:
            raise WrongDutyError("duty ends after it begins, at most 16 hours later")
        if self.starts_at - now > FARTHEST_AHEAD:
            raise WrongDutyError("duty is planned at most 92 days ahead")
        return self

    def started(self) -> "Duty":
        """The stretch once it has begun."""
        return replace(self, state=DutyState.on, version=self.version + 1)

    def ended(self, now: datetime) -> "Duty":
        """The stretch once somebody or the clock ends it; what was only planned is cancelled.

        Raises NotOnDutyError when it is over.
        """
        if self.state is DutyState.planned:
            return replace(self, state=DutyState.cancelled, version=self.version + 1)
        if self.state is not DutyState.on:
            raise NotOnDutyError("this stretch of duty is over")
        return replace(self, state=DutyState.over, ends_at=min(now, self.ends_at), version=self.version + 1)
