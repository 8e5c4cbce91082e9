"""The register tells of places; parking keeps the compounds among them, and each community's clock."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.parking.store import compounds
from services.parking.store.compounds import CompoundState
from shared.contracts import Event, PlaceClosed, PlaceRegistered
from shared.database.work import Work


async def project_compounds(work: Work, events: Sequence[Event[Any]]) -> None:
    """Take up PlaceRegistered and PlaceClosed; any repetition ends in the same projection.

    A place's own events come in order, being of one key.
    """
    opened: dict[str, CompoundState] = {}
    closed: dict[str, CompoundState] = {}
    zones: dict[str, tuple[UUID, str, int]] = {}
    for event in sorted(events, key=lambda event: event.sequence):
        data = event.data
        if isinstance(data, PlaceRegistered) and data.kind == "compound":
            opened[event.subject] = CompoundState(data.place, event.community, data.name, event.sequence)
        if isinstance(data, PlaceClosed):
            closed[event.subject] = CompoundState(data.place, event.community, None, event.sequence)
        if isinstance(data, PlaceRegistered) and data.zone is not None and event.community == data.place:
            zones[event.subject] = (data.place, data.zone, event.sequence)
    if zones:
        await compounds.tell_time(work.connection, [zones[key] for key in sorted(zones)])
    if opened:
        await compounds.project(work.connection, [opened[key] for key in sorted(opened)])
    if closed:
        await compounds.close(work.connection, [closed[key] for key in sorted(closed)])
