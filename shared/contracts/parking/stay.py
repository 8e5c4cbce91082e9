"""Facts about cars in a compound: in, out, too long, and that this was wrong; keyed by the stay."""

from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import Instant, MaskedPlate, Quantity
from shared.contracts.issues.case import Assignee


class VehicleEntered(Fact, event_type="linli.parking.vehicle-entered.v1", subject="stay"):
    """A car was read entering a compound: a stay began."""

    stay: UUID = Field(description="The stay; its id derives from the read of the entry.")
    place: UUID = Field(description="The compound.")
    masked_plate: MaskedPlate = Field(description="Its number plate with at most three characters shown.")
    entered_at: Instant = Field(description="When it entered.")


class VehicleExited(Fact, event_type="linli.parking.vehicle-exited.v1", subject="stay"):
    """A stay ended; when a late read corrects its end, this comes again with a higher sequence."""

    stay: UUID = Field(description="The stay.")
    place: UUID = Field(description="The compound.")
    masked_plate: MaskedPlate = Field(description="The car's number plate, masked.")
    entered_at: Instant = Field(description="When it entered.")
    exited_at: Instant = Field(description="When it left, or when it was next read entering.")
    exit_missed: bool = Field(default=False, description="No gate read it leaving; it entered again.")


class VehicleOverstayed(Fact, event_type="linli.parking.vehicle-overstayed.v1", subject="stay"):
    """A car stayed beyond what its compound allows; once for each stay and threshold while that stands."""

    stay: UUID = Field(description="The stay.")
    threshold: int = Field(ge=1, le=99, description="Which of the stay's thresholds, from 1.")
    place: UUID = Field(description="The compound.")
    masked_plate: MaskedPlate = Field(description="The car's number plate, masked.")
    entered_at: Instant = Field(description="When it entered.")
    due_at: Instant = Field(description="Until when it was allowed to stay.")
    exited_at: Instant | None = Field(default=None, description="When it left; none while it is there.")
    free_minutes: Quantity = Field(description="The free time of the compound's rule.")
    provisional: bool = Field(default=False, description="A silent gate was left out: an exit may be unread.")
    told: Assignee = Field(description="Who is to hear: the pass's contact, else the guards of the compound.")


class OverstayRetracted(Fact, event_type="linli.parking.overstay-retracted.v1", subject="stay"):
    """An overstay that was told of is none: a late exit, a pass or a changed rule says otherwise."""

    stay: UUID = Field(description="The stay.")
    threshold: int = Field(ge=1, le=99, description="Which of the stay's thresholds, from 1.")
    place: UUID = Field(description="The compound.")
    masked_plate: MaskedPlate = Field(description="The car's number plate, masked.")
    entered_at: Instant = Field(description="When it entered.")
    exited_at: Instant | None = Field(default=None, description="When it left, if that is known.")
    told: Assignee = Field(description="Who heard of the overstay and is to hear of this.")
