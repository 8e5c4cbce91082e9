"""Kafka in: which event is whose."""

from services.parking.usecases.follow_tasks import follow_tasks
from services.parking.usecases.project_compounds import project_compounds
from services.parking.usecases.project_households import project_households
from shared.contracts import (
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    TaskClaimed,
    TaskCompleted,
    TaskExpired,
    TaskOpened,
)
from shared.contracts.fact import Fact
from shared.messaging.subscription import Subscription

_HOUSEHOLDS = Subscription(project_households, inbox=False)  # guarded by sequence
_COMPOUNDS = Subscription(project_compounds, inbox=False)  # guarded by sequence
_TASKS = Subscription(follow_tasks)

SUBSCRIPTIONS: dict[type[Fact], Subscription] = {
    HouseholdRegistered: _HOUSEHOLDS,
    HouseholdEnded: _HOUSEHOLDS,
    PlaceRegistered: _COMPOUNDS,
    PlaceClosed: _COMPOUNDS,
    TaskOpened: _TASKS,
    TaskClaimed: _TASKS,
    TaskCompleted: _TASKS,
    TaskExpired: _TASKS,
}
