"""A place is registered, changed or closed."""

from typing import TypedDict
from uuid import UUID

from services.issues.domain.places import Kind, Place, change_place, close_place, new_place
from services.issues.store.places import (
    insert_places,
    lock_register,
    place_by_id,
    place_is_in_use,
    update_places,
)
from services.issues.store.routing import touch_routing
from services.issues.usecases.register_facts import emit_place
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.http.etag import matching
from shared.identifiers import new_id


class PlaceChanges(TypedDict, total=False):
    """What is to be different of a place; a floor area of None is none any more."""

    name: str
    floor_area_cm2: int | None


async def register_place(
    work: Work, parent_id: UUID, kind: Kind, code: str, name: str, floor_area_cm2: int | None
) -> Place:
    """Put a new place under its parent.

    Raises:
        NotFound: no such parent.
        WrongParent, PlaceClosed, WrongFloorArea, WrongWord, CodeTaken: the domain refuses it.
    """
    await lock_register(work.connection, tenant(work))
    parent = await look_up_place(work, parent_id)
    place = new_place(new_id(), parent, kind, code, name, floor_area_cm2)
    await insert_places(work.connection, [place])
    emit_place(work, place)
    return place


async def revise_place(work: Work, place_id: UUID, expected: int, changes: PlaceChanges) -> Place:
    """Rename or re-measure a place; what the changes do not name stays as it is.

    Raises:
        NotFound, StaleVersion, PlaceClosed, WrongFloorArea, WrongWord: see there.
    """
    await lock_register(work.connection, tenant(work))
    before = await look_up_place(work, place_id)
    matching(before.version, expected)
    area = changes.get("floor_area_cm2", before.floor_area_cm2)
    return await _store(work, before, change_place(before, changes.get("name", before.name), area))


async def end_place(work: Work, place_id: UUID, expected: int) -> Place:
    """Close a place that nothing is in any more.

    Raises:
        NotFound, StaleVersion, PlaceInUse: see there.
    """
    await lock_register(work.connection, tenant(work))
    before = await look_up_place(work, place_id)
    matching(before.version, expected)
    in_use = await place_is_in_use(work.connection, before)
    # Whoever keeps this place as open learns from the routing's version that it no longer is.
    await touch_routing(work.connection, tenant(work))
    return await _store(work, before, close_place(before, work.now, in_use=in_use))


async def look_up_place(work: Work, place_id: UUID) -> Place:
    """Find a place of the community.

    Raises:
        NotFound: there is none.
    """
    place = await place_by_id(work.connection, tenant(work), place_id)
    if place is None:
        raise missing("place")
    return place


async def _store(work: Work, before: Place, after: Place) -> Place:
    if after is not before:
        await update_places(work.connection, [after])
        emit_place(work, after)
    return after
