"""Stays and overstays, for those on duty: a gate history is personal, so nobody else sees it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.parking.domain.plate import normalised
from services.parking.domain.stays import REASONS, StayState
from services.parking.store import overstays, shown_stays
from services.parking.store.overstays import Overstay
from services.parking.store.stays import KnownStay
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/stays", "stays")
overstay_routes = router("/overstays", "stays")


class StayView(BaseModel):
    """One stay of a car in a compound, as its reads tell so far."""

    id: UUID
    compound: UUID
    plate: str
    state: StayState
    reason: str | None = Field(description="Why an entry or exit is without its partner.")
    entered_at: datetime | None
    exited_at: datetime | None
    due_at: datetime | None = Field(description="Until when it may stay; none for as long as it likes.")


class OverstayView(BaseModel):
    """A stay that was found too long."""

    stay: UUID
    threshold: int
    compound: UUID
    plate: str
    entered_at: datetime
    due_at: datetime
    exited_at: datetime | None
    provisional: bool
    contact: str | None = Field(description="Who was told; without one the compound's guards.")
    told: bool = Field(description="Nobody was when only a later rule found a stay too long that had ended.")
    raised_at: datetime
    retracted_at: datetime | None


@routes.get("/{stay_id}", response_model=StayView)
@allow(Role.property, Role.operator, Role.guard)
async def read(stay_id: UUID, call: Requested) -> Response:
    """Read one stay."""
    found = await call.read(lambda work: shown_stays.find(work.connection, call.community, stay_id))
    if found is None:
        raise NotFound("no such stay")
    return answered(_view(found))


@routes.get("", response_model=Page[StayView])
@allow(Role.property, Role.operator, Role.guard)
async def list_newest(
    call: Requested,
    paging: Paged,
    compound: UUID | None = None,
    plate: Annotated[str | None, Query(max_length=32, description="Written in any usual way.")] = None,
    state: StayState | None = None,
) -> Response:
    """List stays, the latest to begin first; `exit-missed` and `entry-missed` are the unpaired ones."""
    after = paging.after(datetime, UUID)
    found = await call.read(
        lambda work: shown_stays.list_newest(
            work.connection,
            call.community,
            compound=compound,
            plate=None if plate is None else normalised(plate),
            state=None if state is None else state.value,
            before=(after[0], after[1]) if after else None,
            most=paging.limit + 1,
        )
    )
    return answered(paging.page(found, _view, lambda stay: (stay.begins_at, stay.id)))


@overstay_routes.get("", response_model=Page[OverstayView])
@allow(Role.property, Role.operator, Role.guard)
async def list_overstays(
    call: Requested, paging: Paged, compound: UUID | None = None, standing: bool | None = None
) -> Response:
    """List overstays, the newest first; `standing` false are those that were taken back."""
    after = paging.after(datetime, UUID)
    found = await call.read(
        lambda work: overstays.list_newest(
            work.connection,
            call.community,
            compound=compound,
            standing=standing,
            before=(after[0], after[1]) if after else None,
            most=paging.limit + 1,
        )
    )
    return answered(paging.page(found, _overstay_view, lambda said: (said.raised_at, said.stay)))


def _view(stay: KnownStay) -> StayView:
    return StayView(
        id=stay.id,
        compound=stay.compound,
        plate=stay.plate,
        state=stay.state,
        reason=REASONS.get(stay.state),
        entered_at=stay.entered_at,
        exited_at=stay.exited_at,
        due_at=stay.due_at,
    )


def _overstay_view(said: Overstay) -> OverstayView:
    return OverstayView(
        stay=said.stay,
        threshold=said.threshold,
        compound=said.compound,
        plate=said.plate,
        entered_at=said.entered_at,
        due_at=said.due_at,
        exited_at=said.exited_at,
        provisional=said.provisional,
        contact=said.contact,
        told=said.told,
        raised_at=said.raised_at,
        retracted_at=said.retracted_at,
    )
