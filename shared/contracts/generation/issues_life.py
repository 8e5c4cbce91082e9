"""Examples of a case's life: accepted, begun, given back, checked, closed, rated, and open once more."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.contracts.fact import Fact
from shared.contracts.generation.neighbourhood import BUILDING, CASE, COMMUNITY, COMPOUND, RIDER, example
from shared.contracts.generation.record import Example
from shared.contracts.issues.case import Assignee
from shared.contracts.issues.life import (
    IssueAccepted,
    IssueChecked,
    IssueClosed,
    IssueRated,
    IssueRefused,
    IssueReopened,
    IssueReturned,
    IssueStarted,
    IssueWithdrawn,
)


def case_lives() -> Iterator[Example]:
    """The blocked fire lane's whole life, and a case that was not taken on."""
    guards = Assignee(role="guard", place=COMPOUND)
    dispatchers = Assignee(role="dispatcher", place=COMMUNITY)
    later = datetime.fromisoformat("2026-03-02T09:40:00+08:00")
    known: dict[str, Any] = {
        "case": CASE,
        "category": "blocked-fire-lane",
        "place": BUILDING,
        "priority": "urgent",
        "reporter": RIDER,
        "followers": ("p-2be4470d",),
    }
    known["assignee"] = guards
    returned = IssueReturned(reason="not-possible", returned_at=later, told=dispatchers, **known)
    told: tuple[tuple[str, int, Fact], ...] = (
        ("The command room takes it on", 3, IssueAccepted(accepted_at=later, **known)),
        ("A guard is on the way", 4, IssueStarted(started_at=later, **known)),
        ("The guards cannot move the van", 5, returned),
        ("The steward has looked: the lane is free", 8, IssueChecked(checked_at=later, **known)),
        ("And the case is closed", 9, IssueClosed(closed_at=later, checked=True, **known)),
        ("The rider is content", 10, IssueRated(closing=1, stars=4, rated_at=later, **known)),
        ("The van is back", 11, IssueReopened(reopened_at=later, told=guards, **known)),
        ("The rider sees that it has gone", 12, IssueWithdrawn(withdrawn_at=later, told=guards, **known)),
        ("A lane of another street", 3, IssueRefused(reason="not-our-area", refused_at=later, **known)),
    )
    for summary, sequence, fact in told:
        yield example(summary, fact, sequence=sequence, time=later)
