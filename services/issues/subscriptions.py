"""Kafka in: event type -> use case."""

from collections.abc import Mapping

from services.issues.usecases.follow_tasks import follow_tasks
from shared.contracts.fact import Fact
from shared.contracts.volunteer.task import TaskCompleted, TaskExpired
from shared.messaging.subscription import Subscription

_TASKS = Subscription(follow_tasks)

SUBSCRIPTIONS: Mapping[type[Fact], Subscription] = {
    TaskCompleted: _TASKS,
    TaskExpired: _TASKS,
}
