"""Facts about a case's deadline: that it has passed, level by level, and what becomes of asking for more."""

from typing import Annotated

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import Instant
from shared.contracts.issues.case import Assignee
from shared.contracts.issues.life import OfCase

Level = Annotated[int, Field(ge=1, le=9)]
"""Which step of the escalation, from 1."""


class IssueOverdue(OfCase, Fact, event_type="linli.issues.issue-overdue.v1", subject="case"):
    """A case is late, and the next level of those above hears of it; `time` is when that level was due."""

    level: Level = Field(description="Which step of the escalation, from 1; each is said once for a case.")
    due_at: Instant = Field(description="When the case had to be resolved.")
    told: Assignee = Field(description="Who hears of it now.")
    escalated_at: Instant | None = Field(
        default=None, description="When the level was said: later than it was due when nobody could say it."
    )


class IssueExtended(OfCase, Fact, event_type="linli.issues.issue-extended.v1", subject="case"):
    """Whoever has a case was given more time; what has passed of it still counts."""

    due_at: Instant = Field(description="When it must be resolved now.")
    was_due_at: Instant = Field(description="When it had to be resolved until now.")
    told: Assignee | None = Field(default=None, description="Who has the case.")


class IssueExtensionAsked(OfCase, Fact, event_type="linli.issues.issue-extension-asked.v1", subject="case"):
    """Whoever has a case asks for more time, and somebody else has to decide."""

    due_at: Instant = Field(description="When it must be resolved unless more time is given.")
    until: Instant = Field(description="Until when they ask.")
    told: Assignee = Field(description="Who decides.")


class IssueExtensionRefused(
    OfCase, Fact, event_type="linli.issues.issue-extension-refused.v1", subject="case"
):
    """More time was not given for a case; its deadline stands."""

    due_at: Instant = Field(description="When it must be resolved, as before.")
    told: Assignee = Field(description="Who asked for it.")
