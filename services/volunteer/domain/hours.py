"""Hours: whole minutes of service, entered once, corrected only by counter-entries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.volunteer.domain.claim import Claim


class Grade(StrEnum):
    """How good the evidence is: A both sides and the place, B both sides, C staff, D the volunteer alone."""

    a = "A"
    b = "B"
    c = "C"
    d = "D"


class Witness(StrEnum):
    """Whose word it is: that of who was helped, by the code; a relative's, by a link; or staff's."""

    code = "code"
    relative = "relative"
    staff = "staff"


class AlreadyCorrectedError(ValueError):
    """The entry was corrected before, or is a correction itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; a counter-entry names what it `corrects` and takes its minutes back."""

    id: UUID
    community: UUID
    volunteer: UUID
    person: str
    minutes: int
    reason: str
    made_at: datetime
    made_by: str
    grade: Grade | None = None
    task: UUID | None = None
    claim: UUID | None = None
    corrects: UUID | None = None

    def counter(self, entry_id: UUID, reason: str, now: datetime, actor: str) -> "Entry":
        """The entry that takes this one back; raises AlreadyCorrectedError for one that is itself such."""
        if self.corrects is not None:
            raise AlreadyCorrectedError("a counter-entry is final")
        return Entry(
            *(entry_id, self.community, self.volunteer, self.person, -self.minutes, reason, now, actor),
            task=self.task,
            corrects=self.id,
        )


def grade_of(claim: Claim, witness: Witness) -> Grade:
    """How good the evidence for a claim is, once somebody else has confirmed it; a relative was not there."""
    if witness is Witness.staff:
        return Grade.c
    return Grade.a if claim.at_place and witness is Witness.code else Grade.b


def minutes_of(claim: Claim, effort_minutes: int, now: datetime) -> int:
    """Minutes from the check-in to the report, begun ones counted, at least 1, at most twice the effort.

    The way there is not counted; what took longer is for staff to enter.
    """
    began = claim.checked_in_at or claim.starts_at
    took = (claim.reported_at or now) - began
    begun = -(-took // timedelta(minutes=1))
    return max(1, min(begun, 2 * effort_minutes))
