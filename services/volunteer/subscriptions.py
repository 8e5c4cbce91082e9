"""Kafka in: what other services say that becomes a task here."""

from services.volunteer.usecases.open_task import open_case_tasks
from shared.contracts.fact import Fact
from shared.contracts.issues.case import IssueAssigned
from shared.messaging.subscription import Subscription

SUBSCRIPTIONS: dict[type[Fact], Subscription] = {
    IssueAssigned: Subscription(open_case_tasks),
}
