"""Kafka in: what other services say that becomes a task here, or ends one."""

from services.volunteer.usecases.follow_cases import follow_cases
from shared.contracts.fact import Fact
from shared.contracts.issues.case import IssueAssigned, IssueResolved
from shared.messaging.subscription import Subscription

_CASES = Subscription(follow_cases)

SUBSCRIPTIONS: dict[type[Fact], Subscription] = {
    IssueAssigned: _CASES,
    IssueResolved: _CASES,
}
