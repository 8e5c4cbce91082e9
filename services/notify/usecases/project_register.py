"""Follow the register: keep of places, households and roles what says whom to tell."""

from collections.abc import Sequence
from typing import Any

from services.notify.store import register
from shared.contracts import (
    Event,
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)
from shared.database.work import Work


async def project_register(work: Work, events: Sequence[Event[Any]]) -> None:
    """Apply the register's facts; each is guarded by its sequence, so neither repeats nor order matter."""
    connection = work.connection
    if places := [event for event in events if isinstance(event.data, PlaceRegistered)]:
        await register.put_places(connection, places)
    if closed := [event for event in events if isinstance(event.data, PlaceClosed)]:
        await register.close_places(connection, closed)
    if households := [e for e in events if isinstance(e.data, HouseholdRegistered | HouseholdEnded)]:
        await register.put_households(connection, households)
    if grants := [event for event in events if isinstance(event.data, RoleGranted | RoleRevoked)]:
        await register.put_grants(connection, grants)
