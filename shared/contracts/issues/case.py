"""Facts about a case: what was reported, who is to act, that it is done. Never the words of the report."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from shared.contracts.fact import Fact, Part
from shared.contracts.fields import Code, Instant, PersonId

Priority = Literal["ordinary", "urgent"]

CaseState = Literal[
    "reported",
    "accepted",
    "refused",
    "assigned",
    "in-progress",
    "suspended",
    "resolved",
    "checked",
    "closed",
    "withdrawn",
    "cancelled",
    "referred",
]
"""Every state of a case's life; complete from the start, because an enum cannot grow within a version."""

Followers = Annotated[tuple[PersonId, ...], Field(max_length=64)]
"""Persons who did not report a case and want to hear of it all the same."""


class Assignee(Part):
    """Who is to act: a person, whoever holds a role in a place, or the volunteers of a place."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"person": {"type": "string"}}, "required": ["person"]},
                {"properties": {"role": {"type": "string"}}, "required": ["role"]},
                {"properties": {"volunteers": {"const": True}}, "required": ["volunteers"]},
            ]
        }
    )

    person: PersonId | None = Field(default=None, description="One person.")
    role: Code | None = Field(default=None, description="Whoever holds this role in `place`.")
    place: UUID | None = Field(default=None, description="Where the role holds or the volunteers are asked.")
    volunteers: bool = Field(default=False, description="Volunteers are asked to take it as a task.")

    @model_validator(mode="after")
    def _names_someone(self) -> Self:
        if self.person is None and self.role is None and not self.volunteers:
            raise ValueError("an assignee is a person, a role or the volunteers")
        return self


class IssueReported(Fact, event_type="linli.issues.issue-reported.v1", subject="case"):
    """A problem was reported and became a case; of imported history, the case in its final state."""

    case: UUID = Field(description="The case.")
    category: Code = Field(description="What kind of problem.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    priority: Priority = Field(description="Urgent ones overtake and ignore quiet hours.")
    state: CaseState = Field(description="The case's state: `reported`, or the last one when imported.")
    reporter: PersonId | None = Field(default=None, description="Who reported it; none when anonymous.")
    reported_at: Instant = Field(description="When it was reported.")
    due_at: Instant | None = Field(default=None, description="When it must be resolved.")
    closed_at: Instant | None = Field(default=None, description="When it was closed, of imported history.")
    told: Assignee | None = Field(
        default=None, description="Who looks at it first; none when it is dispatched at once."
    )
    flags: tuple[Code, ...] = Field(
        default=(),
        max_length=32,
        description="What is odd about it, such as `closed-before-reported`.",
    )


class IssueAssigned(Fact, event_type="linli.issues.issue-assigned.v1", subject="case"):
    """A case was given to someone to act on, for the first time or anew."""

    case: UUID = Field(description="The case.")
    category: Code = Field(description="What kind of problem.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    priority: Priority = Field(description="Urgent ones overtake and ignore quiet hours.")
    assignee: Assignee = Field(description="Who is to act.")
    reporter: PersonId | None = Field(default=None, description="Who reported it; none when anonymous.")
    due_at: Instant | None = Field(default=None, description="When it must be resolved.")
    followers: Followers = Field(default=(), description="Who else wants to hear of it.")
    was_assigned_to: Assignee | None = Field(
        default=None, description="Who had it until now, and need not act any more."
    )
    again: bool = Field(
        default=False, description="Whether it was called settled, and a check found that it is not."
    )


class IssueResolved(Fact, event_type="linli.issues.issue-resolved.v1", subject="case"):
    """Whoever handled a case says that the problem is gone."""

    case: UUID = Field(description="The case.")
    category: Code = Field(description="What kind of problem.")
    place: UUID | None = Field(default=None, description="Where, when a registered place is known.")
    reporter: PersonId | None = Field(default=None, description="Who reported it; none when anonymous.")
    resolver: PersonId = Field(description="Who says so.")
    resolved_at: Instant = Field(description="When it was resolved.")
    followers: Followers = Field(default=(), description="Who else wants to hear of it.")
    assignee: Assignee | None = Field(default=None, description="Who had the case.")
    priority: Priority = Field(default="ordinary", description="Urgent ones overtake and ignore quiet hours.")
    check_needed: bool = Field(
        default=False,
        description="Whether a second person has to look before the case is closed.",
    )
    told: Assignee | None = Field(default=None, description="Who has it checked, if needed, and closes it.")
