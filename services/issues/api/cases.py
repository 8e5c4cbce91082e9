"""Cases: read by whoever may see them, given to somebody, resolved."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from services.issues.api.fields import AssigneeFields, In, Words
from services.issues.api.reports import Position
from services.issues.domain.case import Case, Seer, State
from services.issues.domain.categories import Priority
from services.issues.store.cases import Entry, Told
from services.issues.usecases.assign_case import assign_case
from services.issues.usecases.look_up_case import look_up_case
from services.issues.usecases.resolve_case import resolve_case
from shared.http.call import Call, Requested, answered
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/cases", "cases")


class AssignIn(In):
    """To whom the case goes, and why."""

    assignee: AssigneeFields
    note: Words | None = None


class ResolveIn(In):
    """What was done."""

    outcome: Words = Field(examples=["The van was towed; the lane is free"])


class EntryOut(BaseModel):
    """One entry of a case's history; `actor` none is an anonymous reporter."""

    version: int
    at: datetime
    actor: str | None
    change: str
    note: str | None
    detail: dict[str, Any] | None


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

    category: str
    priority: Priority
    place: UUID | None
    position: Position | None
    description: str
    reporter: str | None
    reported_at: datetime
    device_reported_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    source: str | None = Field(description="The other system it was imported from")
    external_id: str | None
    flags: list[str] = Field(description="What was impossible in an imported case")

    @classmethod
    def told(cls, found: tuple[Case, Told]) -> "CaseOut":
        """Show a case with what was said of it."""
        return cls(**_fields(*found))


class CaseWithHistoryOut(CaseOut):
    """A case and everything that happened to it."""

    history: list[EntryOut]


@routes.get("/{case_id}", response_model=CaseWithHistoryOut)
@members()
async def look_up(case_id: UUID, call: Requested) -> Response:
    """Read a case with its history."""
    case, told, history = await call.read(lambda work: look_up_case(work, case_id, seer_of(call)))
    entries = [_entry(entry) for entry in history]
    return answered(CaseWithHistoryOut(**_fields(case, told), history=entries), version=case.version)


@routes.post("/{case_id}/assign", response_model=ChangedOut)
@allow(Role.operator, Role.dispatcher)
async def assign(case_id: UUID, body: AssignIn, call: Requested) -> Response:
    """Give a case to a role, a person or the volunteers; `If-Match` is heeded when sent."""
    expected, assignee = _expected(call), body.assignee.assignee()
    return await call.write(
        lambda work: assign_case(work, case_id, assignee, body.note, expected),
        ChangedOut.of,
        etag=_version,
    )


@routes.post("/{case_id}/resolve", response_model=ChangedOut)
@members()
async def resolve(case_id: UUID, body: ResolveIn, call: Requested) -> Response:
    """Say that the matter is settled: its assignee, a holder of the assigned role, or an operator."""
    expected, seer = _expected(call), seer_of(call)
    return await call.write(
        lambda work: resolve_case(work, case_id, seer, body.outcome, expected), ChangedOut.of, etag=_version
    )


def seer_of(call: Call) -> Seer:
    """Say who asks."""
    return Seer(call.actor.person, call.roles)


def _expected(call: Call) -> int | None:
    return None if call.if_match is None else call.require_version()


def _version(case: Case) -> int:
    return case.version


def _fields(case: Case, told: Told) -> dict[str, Any]:
    position = None
    if told.latitude is not None and told.longitude is not None:
        position = Position(latitude=told.latitude, longitude=told.longitude)
    return {
        **ChangedOut.of(case).model_dump(),
        "category": case.category,
        "priority": case.priority,
        "place": case.place,
        "position": position,
        "description": told.description,
        "reporter": case.reporter,
        "reported_at": case.reported_at,
        "device_reported_at": told.device_reported_at,
        "closed_at": case.closed_at,
        "outcome": told.outcome,
        "source": told.source,
        "external_id": told.external_id,
        "flags": list(told.flags),
    }


def _entry(entry: Entry) -> EntryOut:
    return EntryOut(
        version=entry.version,
        at=entry.at,
        actor=entry.actor,
        change=entry.change,
        note=entry.note,
        detail=entry.detail,
    )
