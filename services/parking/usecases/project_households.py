"""The register tells of households; parking keeps which of them live here."""

from collections.abc import Sequence
from typing import Any

from services.parking.store import households
from services.parking.store.households import HouseholdState
from services.parking.usecases.change_vehicle import end_vehicles_of
from shared.contracts.event import Event
from shared.contracts.issues.register import HouseholdEnded
from shared.database.work import Work


async def project_households(work: Work, events: Sequence[Event[Any]]) -> None:
    """Takes up HouseholdRegistered and HouseholdEnded; any repetition ends in the same projection.

    Whoever moves out takes the vehicles along.
    """
    latest: dict[str, Event[Any]] = {}
    for event in sorted(events, key=lambda event: event.sequence):
        latest[event.subject] = event
    states = [_state(event) for event in latest.values()]
    for household, community in await households.project(work.connection, states):
        await end_vehicles_of(work, community, [household])


def _state(event: Event[Any]) -> HouseholdState:
    ended = isinstance(event.data, HouseholdEnded)
    persons = () if ended else event.data.persons
    return HouseholdState(event.data.household, event.community, ended, event.sequence, persons)
