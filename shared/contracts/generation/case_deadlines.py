"""Examples of a case whose time runs out: told twice to those above, and for which more time is asked for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.contracts.generation.neighbourhood import (
    BUILDING,
    CASE,
    COMMUNITY,
    COMPOUND,
    GUARD,
    RIDER,
    example,
)
from shared.contracts.generation.record import Example
from shared.contracts.issues.case import Assignee
from shared.contracts.issues.deadline import (
    IssueExtended,
    IssueExtensionAsked,
    IssueExtensionRefused,
    IssueOverdue,
)


def case_deadlines() -> Iterator[Example]:
    """The blocked fire lane of the other examples."""
    early, due, later, moved = (
        datetime.fromisoformat(f"2026-03-02T{at}+08:00")
        for at in ("09:40:00", "10:15:30", "11:15:30", "17:00:00")
    )
    case: dict[str, Any] = {
        "case": CASE,
        "category": "blocked-fire-lane",
        "place": BUILDING,
        "priority": "urgent",
        "reporter": RIDER,
    }
    guards = Assignee(role="guard", place=COMPOUND)
    room, street = (Assignee(role=role, place=COMMUNITY) for role in ("operator", "street"))
    first = IssueOverdue(level=1, due_at=due, told=room, assignee=guards, escalated_at=due, **case)
    second = IssueOverdue(level=2, due_at=due, told=street, assignee=guards, escalated_at=later, **case)
    extended = IssueExtended(due_at=moved, was_due_at=due, told=Assignee(person=GUARD), **case)
    asked = IssueExtensionAsked(due_at=due, until=moved, told=room, **case)
    refused = IssueExtensionRefused(due_at=due, told=Assignee(person=GUARD), **case)
    yield example("The guard needs the afternoon", asked, sequence=3, time=early)
    yield example("A fire lane cannot wait", refused, sequence=4, time=early)
    yield example("Nobody came: the command room hears", first, sequence=3, time=due)
    yield example("An hour later: the street office", second, sequence=4, time=later)
    yield example("Until the close of business, as the guard asked", extended, sequence=3, time=due)
