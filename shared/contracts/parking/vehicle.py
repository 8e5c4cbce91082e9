"""Facts about the vehicles of households, under masked plates."""

from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import Instant, MaskedPlate


class VehicleRegistered(Fact, event_type="linli.parking.vehicle-registered.v1", subject="vehicle"):
    """A household registered a vehicle."""

    vehicle: UUID = Field(description="The vehicle.")
    household: UUID = Field(description="The household it belongs to.")
    masked_plate: MaskedPlate = Field(description="Its number plate with at most three characters shown.")
    index: int = Field(ge=1, le=999, description="Which of the household's vehicles it is, from 1.")
    valid_from: Instant = Field(description="From when on the household may park it.")


class VehiclePlateChanged(Fact, event_type="linli.parking.vehicle-plate-changed.v1", subject="vehicle"):
    """A household's vehicle has another number plate; it keeps its index."""

    vehicle: UUID = Field(description="The vehicle.")
    household: UUID = Field(description="The household it belongs to.")
    masked_plate: MaskedPlate = Field(description="Its new number plate with at most three characters shown.")
    index: int = Field(ge=1, le=999, description="Which of the household's vehicles it is, from 1.")
    valid_from: Instant = Field(description="From when on it has this plate.")


class VehicleEnded(Fact, event_type="linli.parking.vehicle-ended.v1", subject="vehicle"):
    """A vehicle is no longer its household's; its index is free again."""

    vehicle: UUID = Field(description="The vehicle.")
    household: UUID = Field(description="The household it belonged to.")
    masked_plate: MaskedPlate = Field(description="Its number plate with at most three characters shown.")
    index: int = Field(ge=1, le=999, description="Which of the household's vehicles it was, from 1.")
    valid_until: Instant = Field(description="Until when the household might park it.")
