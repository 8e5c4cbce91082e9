"""Facts about the rules of a compound; keyed by the compound."""

from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import Instant, Quantity


class RulesChanged(Fact, event_type="linli.parking.rules-changed.v1", subject="place"):
    """A compound has another rule; the rule itself is read at the service, whole."""

    place: UUID = Field(description="The compound.")
    version: Quantity = Field(ge=1, description="The number of the rule within its compound.")
    effective_from: Instant = Field(description="For stays that begin then or later.")
    free_minutes: Quantity | None = Field(default=None, description="How long one may stay; none: no limit.")
