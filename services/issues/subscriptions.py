"""Kafka in: event type -> use case.

Issues consumes nothing yet: what it will react to (a violation or a finished task of another service that
concerns a case) no service publishes so far.
"""

from collections.abc import Mapping

from shared.contracts.fact import Fact
from shared.messaging.subscription import Subscription

SUBSCRIPTIONS: Mapping[type[Fact], Subscription] = {}
