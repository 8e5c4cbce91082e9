"""Kafka in: which event is whose."""

from services.parking.usecases.project_households import project_households
from shared.contracts.fact import Fact
from shared.contracts.issues.register import HouseholdEnded, HouseholdRegistered
from shared.messaging.subscription import Subscription

_HOUSEHOLDS = Subscription(project_households, inbox=False)  # guarded by sequence

SUBSCRIPTIONS: dict[type[Fact], Subscription] = {
    HouseholdRegistered: _HOUSEHOLDS,
    HouseholdEnded: _HOUSEHOLDS,
}
