"""The register tells of places; volunteer keeps which lies in which."""

from collections.abc import Sequence
from typing import Any

from services.volunteer.store import places
from services.volunteer.store.places import PlaceState
from shared.contracts import Event, PlaceRegistered
from shared.database.work import Work


async def project_places(work: Work, events: Sequence[Event[Any]]) -> None:
    """Take up PlaceRegistered; any order and repetition ends in the same projection.

    A place that was closed still lies where it lay.
    """
    newest: dict[str, PlaceState] = {}
    for event in sorted(events, key=lambda event: event.sequence):
        data = event.data
        if isinstance(data, PlaceRegistered):
            newest[event.subject] = PlaceState(
                data.place, event.community, data.kind, data.parent, event.sequence
            )
    if newest:
        await places.project(work.connection, [newest[key] for key in sorted(newest)])
