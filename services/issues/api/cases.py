"""Cases, read by whoever may see them: as they stand, with their clocks and with all that happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from services.issues.api.fields import AssigneeFields
from services.issues.api.reports import Position
from services.issues.domain.case import Case, Seer, State
from services.issues.domain.categories import Priority
from services.issues.domain.clocks import Clocks
from services.issues.store.cases import Entry, Told
from services.issues.usecases.look_up_case import WholeCase, look_up_case, look_up_history
from shared.database.work import Work
from shared.http.call import Call, Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import members

routes = router("/cases", "cases")


class EntryOut(BaseModel):
    """One entry of a case's history; `actor` none is an anonymous reporter."""

    version: int
    at: datetime
    actor: str | None
    change: str
    note: str | None
    detail: dict[str, Any] | None

    @classmethod
    def of(cls, entry: Entry) -> "EntryOut":
        """Show an entry."""
        return cls(
            version=entry.version,
            at=entry.at,
            actor=entry.actor,
            change=entry.change,
            note=entry.note,
            detail=entry.detail,
        )


class HandlerClockOut(BaseModel):
    """For how long somebody has had the case, all their times together."""

    assignee: AssigneeFields
    seconds: int


class ClocksOut(BaseModel):
    """The case's clock, from its report to its end, and each handler's; no change sets one back."""

    case_seconds: int | None = Field(description="None of an imported case whose end nobody knows")
    assigned_since: datetime | None = Field(description="Since when its present assignee has it to do")
    handlers: list[HandlerClockOut]

    @classmethod
    def of(cls, clocks: Clocks) -> "ClocksOut":
        """Show the clocks."""
        handlers = [
            HandlerClockOut(assignee=AssigneeFields.of(assignee), seconds=seconds)
            for assignee, seconds in clocks.handlers.items()
        ]
        return cls(case_seconds=clocks.case, assigned_since=clocks.since, handlers=handlers)


class RatingOut(BaseModel):
    """What the reporter thought of one closing; the words are for them and for who oversees all."""

    closing: int
    stars: int
    words: str | None
    rated_at: datetime


class ChangedOut(BaseModel):
    """What a change made of the case."""

    id: UUID
    state: State
    assignee: AssigneeFields | None
    due_at: datetime | None
    resolved_at: datetime | None
    version: int

    @classmethod
    def of(cls, case: Case) -> "ChangedOut":
        """Show a changed case."""
        return cls(
            id=case.id,
            state=case.state,
            assignee=AssigneeFields.of(case.assignee) if case.assignee else None,
            due_at=case.due_at,
            resolved_at=case.resolved_at,
            version=case.version,
        )


class CaseOut(ChangedOut):
    """A case."""

    number: str = Field(description="By which messages name it: the end of its id", examples=["3F9A0C"])
    category: str
    priority: Priority
    place: UUID | None
    position: Position | None
    description: str
    reporter: str | None
    reported_at: datetime
    device_reported_at: datetime | None
    accepted_at: datetime | None
    closed_at: datetime | None = Field(description="When it ended, by whichever end")
    closings: int = Field(description="How often it was closed")
    reopen_until: datetime | None = Field(description="Before when its reporter may reopen it")
    outcome: str | None
    source: str | None = Field(description="The other system it was imported from")
    external_id: str | None
    flags: list[str] = Field(description="What was impossible in an imported case")

    @classmethod
    def told(cls, found: tuple[Case, Told]) -> "CaseOut":
        """Show a case with what was said of it."""
        return cls(**_fields(*found))


class CaseWithHistoryOut(CaseOut):
    """A case, its clocks, and everything that happened to it."""

    clocks: ClocksOut
    ratings: list[RatingOut]
    history: list[EntryOut]

    @classmethod
    def whole(cls, found: WholeCase) -> "CaseWithHistoryOut":
        """Show all of a case that its reader may know."""
        ratings = [
            RatingOut(
                closing=rating.closing,
                stars=rating.stars,
                words=rating.words if found.words_too else None,
                rated_at=rating.rated_at,
            )
            for rating in found.ratings
        ]
        return cls(
            **_fields(found.case, found.told),
            clocks=ClocksOut.of(found.clocks),
            ratings=ratings,
            history=[EntryOut.of(entry) for entry in found.history],
        )


@routes.get("/{case_id}", response_model=CaseWithHistoryOut)
@members()
async def look_up(case_id: UUID, call: Requested) -> Response:
    """Read a case with both clocks, its ratings and its history."""
    found = await call.read(lambda work: look_up_case(work, case_id, seer_of(call)))
    return answered(CaseWithHistoryOut.whole(found), version=found.case.version)


@routes.get("/{case_id}/history", response_model=Page[EntryOut])
@members()
async def history(case_id: UUID, call: Requested, paging: Paged) -> Page[EntryOut]:
    """Read what happened to a case: who, when and why, from its beginning."""
    after = paging.after(int)

    async def use_case(work: Work) -> list[Entry]:
        return await look_up_history(work, case_id, seer_of(call), after[0] if after else 0, paging.limit + 1)

    return paging.page(await call.read(use_case), EntryOut.of, lambda entry: (entry.version,))


def seer_of(call: Call) -> Seer:
    """Say who asks."""
    return Seer(call.actor.person, call.roles)


def _fields(case: Case, told: Told) -> dict[str, Any]:
    position = None
    if told.latitude is not None and told.longitude is not None:
        position = Position(latitude=told.latitude, longitude=told.longitude)
    return {
        **ChangedOut.of(case).model_dump(),
        "number": case.id.hex[-6:].upper(),
        "category": case.category,
        "priority": case.priority,
        "place": case.place,
        "position": position,
        "description": told.description,
        "reporter": case.reporter,
        "reported_at": case.reported_at,
        "device_reported_at": told.device_reported_at,
        "accepted_at": case.accepted_at,
        "closed_at": case.closed_at,
        "closings": case.closings,
        "reopen_until": case.reopen_until,
        "outcome": told.outcome,
        "source": told.source,
        "external_id": told.external_id,
        "flags": list(told.flags),
    }
