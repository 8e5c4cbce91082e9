"""Stays in the words of the contracts: masked plates, and who is to hear."""

from typing import Any
from uuid import UUID

from services.parking.domain.limits import Limit
from services.parking.domain.plate import masked
from services.parking.domain.stays import StayState
from services.parking.store.overstays import THRESHOLD
from services.parking.store.stays import KnownStay
from shared.contracts import Assignee, OverstayRetracted, VehicleEntered, VehicleExited, VehicleOverstayed


def entered(stay: KnownStay) -> VehicleEntered:
    """Say that a stay began."""
    return VehicleEntered(**_stay(stay))


def ended(stay: KnownStay) -> VehicleExited:
    """Say that a stay ended."""
    missed = stay.state is StayState.exit_missed
    return VehicleExited(exited_at=_known(stay.exited_at), exit_missed=missed, **_stay(stay))


def overstayed(stay: KnownStay, limit: Limit, *, provisional: bool) -> VehicleOverstayed:
    """Say that a stay is too long."""
    return VehicleOverstayed(
        threshold=THRESHOLD,
        due_at=_known(limit.due_at),
        exited_at=stay.exited_at,
        free_minutes=_known(limit.free_minutes),
        provisional=provisional,
        told=told(stay.compound, limit.contact),
        **_stay(stay),
    )


def retracted(stay: KnownStay, contact: str | None) -> OverstayRetracted:
    """Say that it is not, to whoever heard that it was."""
    return OverstayRetracted(
        threshold=THRESHOLD, exited_at=stay.exited_at, told=told(stay.compound, contact), **_stay(stay)
    )


def told(compound: UUID, contact: str | None) -> Assignee:
    """Who hears of a car: its pass's contact, else whoever guards the compound."""
    if contact is not None:
        return Assignee(person=contact)
    return Assignee(role="guard", place=compound)


def _stay(stay: KnownStay) -> dict[str, Any]:
    return {
        "stay": stay.id,
        "place": stay.compound,
        "masked_plate": masked(stay.plate),
        "entered_at": _known(stay.entered_at),
    }


def _known(value: Any) -> Any:
    if value is None:
        raise ValueError("a stay of which something is said has begun, and what ended has an end")
    return value
