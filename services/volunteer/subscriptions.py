"""Kafka in: what other services say that becomes a task here, or ends one; and where places lie."""

from services.volunteer.usecases.follow_cases import follow_cases
from services.volunteer.usecases.follow_violations import follow_violations
from services.volunteer.usecases.project_places import project_places
from shared.contracts import (
    IssueAssigned,
    IssueRefused,
    IssueResolved,
    IssueReturned,
    IssueWithdrawn,
    PlaceRegistered,
    ViolationCleared,
    ViolationEscalated,
)
from shared.contracts.fact import Fact
from shared.messaging.subscription import Subscription

_CASES = Subscription(follow_cases)
_VIOLATIONS = Subscription(follow_violations)

SUBSCRIPTIONS: dict[type[Fact], Subscription] = {
    PlaceRegistered: Subscription(project_places, inbox=False),
    IssueAssigned: _CASES,
    IssueResolved: _CASES,
    IssueReturned: _CASES,
    IssueRefused: _CASES,
    IssueWithdrawn: _CASES,
    ViolationEscalated: _VIOLATIONS,
    ViolationCleared: _VIOLATIONS,
}
