"""Facts about the life of a case after its report. Reasons are codes; what people write never leaves."""

from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact, Part
from shared.contracts.fields import Code, Instant, PersonId, Quantity
from shared.contracts.issues.case import Assignee, Followers, Priority


class OfCase(Part):
    """What every fact of a case's life says: which case it is, and who is concerned."""

    case: UUID = Field(description="The case.")
    category: Code = Field(description="What kind of problem.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    priority: Priority = Field(description="Urgent ones overtake and ignore quiet hours.")
    reporter: PersonId | None = Field(default=None, description="Who reported it; none when anonymous.")
    followers: Followers = Field(default=(), description="Who else wants to hear of it.")
    assignee: Assignee | None = Field(default=None, description="Who has the case, or had it until this.")


class IssueAccepted(OfCase, Fact, event_type="linli.issues.issue-accepted.v1", subject="case"):
    """The command room has looked at a case and takes it on."""

    accepted_at: Instant = Field(description="When it was accepted.")


class IssueRefused(OfCase, Fact, event_type="linli.issues.issue-refused.v1", subject="case"):
    """The command room does not take a case on, and it ends."""

    reason: Code = Field(description="Why, such as `not-our-area`.")
    refused_at: Instant = Field(description="When it was refused.")


class IssueStarted(OfCase, Fact, event_type="linli.issues.issue-started.v1", subject="case"):
    """Whoever has a case has begun to work on it."""

    started_at: Instant = Field(description="When the work began.")


class IssueReturned(OfCase, Fact, event_type="linli.issues.issue-returned.v1", subject="case"):
    """Whoever had a case gave it back, and somebody has to be found for it; its deadline stands."""

    reason: Code = Field(description="Why, such as `not-mine`, `not-possible` or `expired`.")
    returned_at: Instant = Field(description="When it was given back.")
    told: Assignee | None = Field(default=None, description="Who has to find somebody for it.")


class IssueChecked(OfCase, Fact, event_type="linli.issues.issue-checked.v1", subject="case"):
    """A second person has seen that the problem is gone; found otherwise, a case is assigned anew."""

    checked_at: Instant = Field(description="When they said so.")
    told: Assignee | None = Field(default=None, description="Who closes it.")


class IssueClosed(OfCase, Fact, event_type="linli.issues.issue-closed.v1", subject="case"):
    """A case is over; its reporter may rate it, and for some time reopen it."""

    closed_at: Instant = Field(description="When it was closed.")
    checked: bool = Field(description="Whether a second person has seen that the problem is gone.")


class IssueReopened(OfCase, Fact, event_type="linli.issues.issue-reopened.v1", subject="case"):
    """A closed case is open again, because the problem is not gone; its clock has never stopped."""

    reopened_at: Instant = Field(description="When it was opened again.")
    told: Assignee | None = Field(default=None, description="Who has it, or has to find somebody for it.")


class IssueWithdrawn(OfCase, Fact, event_type="linli.issues.issue-withdrawn.v1", subject="case"):
    """The reporter has taken a case back, and it ends."""

    withdrawn_at: Instant = Field(description="When it was taken back.")
    told: Assignee | None = Field(default=None, description="Who had it and need not act.")


class IssueRated(OfCase, Fact, event_type="linli.issues.issue-rated.v1", subject="case"):
    """The reporter has said how content they are with a closing; once for each."""

    closing: Quantity = Field(description="Which closing of the case, from 1.")
    stars: Quantity = Field(le=5, ge=1, description="From 1, not at all, to 5, wholly.")
    rated_at: Instant = Field(description="When it was rated.")
