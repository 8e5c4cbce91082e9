"""Cases: read by whoever may see them, given to somebody, resolved."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field

from services.issues.api.fields import AssigneeFields, In, Moment, Words
from services.issues.api.reports import Position
from services.issues.domain.case import Case, Seer, State
from services.issues.domain.categories import Priority
from services.issues.store.cases import Entry, Filters, Told, list_cases
from services.issues.usecases.assign_case import assign_case
from services.issues.usecases.look_up_case import look_up_case
from services.issues.usecases.resolve_case import resolve_case
from shared.database.work import Work
from shared.errors import Invalid
from shared.http.call import Call, Requested, answered
from shared.http.paging import Page, Paged
from shared.http.problem import field_problem
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


async def filters_of(
    state: State | None = None,
    category: Annotated[str | None, Query(max_length=64)] = None,
    place: Annotated[UUID | None, Query(description="Only in this place's subtree")] = None,
    role: Annotated[str | None, Query(max_length=64, description="Assigned to this role")] = None,
    person: Annotated[str | None, Query(max_length=128, description="Assigned to this person")] = None,
    since: Annotated[Moment | None, Query(description="Reported then or later")] = None,
    until: Annotated[Moment | None, Query(description="Reported before then")] = None,
    bbox: Annotated[str | None, Query(description="west,south,east,north in WGS84 degrees")] = None,
) -> Filters:
    """Read from the query which cases to list.

    Raises:
        Invalid: the box is none.
    """
    return Filters(state, category, place, role, person, since, until, _box(bbox))


@routes.get("", response_model=Page[CaseOut])
@members()
async def listing(
    call: Requested, paging: Paged, filters: Annotated[Filters, Depends(filters_of)]
) -> Page[CaseOut]:
    """List cases, the last reported first: one's own, those assigned to one, or for overseers all."""
    after = paging.after(datetime, UUID)

    async def use_case(work: Work) -> list[tuple[Case, Told]]:
        return await list_cases(
            work.connection,
            call.community,
            _seer(call),
            filters,
            (after[0], after[1]) if after else None,
            paging.limit + 1,
        )

    return paging.page(
        await call.read(use_case), CaseOut.told, lambda found: (found[0].reported_at, found[0].id)
    )


@routes.get("/{case_id}", response_model=CaseWithHistoryOut)
@members()
async def look_up(case_id: UUID, call: Requested) -> Response:
    """Read a case with its history."""
    case, told, history = await call.read(lambda work: look_up_case(work, case_id, _seer(call)))
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
    expected, seer = _expected(call), _seer(call)
    return await call.write(
        lambda work: resolve_case(work, case_id, seer, body.outcome, expected), ChangedOut.of, etag=_version
    )


def _seer(call: Call) -> Seer:
    return Seer(call.actor.person, call.roles)


def _expected(call: Call) -> int | None:
    return None if call.if_match is None else call.require_version()


def _version(case: Case) -> int:
    return case.version


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = 1.0, 1.0, 0.0, 0.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        message = "four numbers, west,south,east,north, in WGS84 degrees"
        raise Invalid(
            "one or more fields are not valid", errors=[field_problem("query", ["bbox"], "bbox", message)]
        )
    return west, south, east, north


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
