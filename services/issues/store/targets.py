"""Where cases go, as rules, fallback owners and ladders store it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.issues.domain.dispatch import Target
from services.issues.domain.places import Kind


def target_as_data(target: Target) -> dict[str, Any]:
    """Write a target as it is stored."""
    return {
        "person": target.person,
        "role": target.role,
        "place": None if target.place is None else str(target.place),
        "level": target.level,
        "volunteers": target.volunteers,
    }


def target_from_data(data: Mapping[str, Any]) -> Target:
    """Read a target that was stored."""
    return Target(
        person=data["person"],
        role=data["role"],
        place=None if data["place"] is None else UUID(data["place"]),
        level=None if data["level"] is None else Kind(data["level"]),
        volunteers=data["volunteers"],
    )
