"""Reports: the hot way in. What arrives together is stored together, each answered after the commit."""

import hashlib
from datetime import datetime
from typing import Self
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, Field, model_validator

from services.issues.api.fields import AssigneeFields, In, Latitude, Longitude, Moment, Words
from services.issues.domain.case import State
from services.issues.domain.categories import Priority
from services.issues.store.reports import Key, Report
from services.issues.usecases.open_claim import Claims
from shared.contracts.fields import Code, PersonId
from shared.errors import Forbidden
from shared.http.body import declared_body, read_body
from shared.http.call import Call, respond
from shared.http.idempotency import StoredAnswer
from shared.http.routing import router
from shared.identifiers import id_of, new_id
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/reports", "cases")
_FOR_OTHERS = frozenset({Role.intake, Role.operator})


class Position(In):
    """A point in WGS84 degrees."""

    latitude: Latitude = Field(examples=[30.0162])
    longitude: Longitude = Field(examples=[122.1068])


class ReportFields(In):
    """What every way of reporting asks for."""

    category: Code = Field(examples=["blocked-fire-lane"])
    description: Words = Field(examples=["A van has been parked in the fire lane since yesterday"])
    place: UUID | None = Field(None, description="A place of the register; none is the whole community")
    position: Position | None = None
    reporter: PersonId | None = Field(
        None, description="For whom it is reported: for operators and intake systems only"
    )
    anonymous: bool = Field(False, description="Store nobody as its reporter")

    @model_validator(mode="after")
    def _one_reporter(self) -> Self:
        if self.anonymous and self.reporter is not None:
            raise ValueError("an anonymous report names no reporter")
        return self


class ReportIn(ReportFields):
    """What somebody reports: which kind of problem, where, and in their own words."""

    reported_at: Moment | None = Field(
        None, description="When the device took it down; kept beside the time of arrival"
    )


class ReportedOut(BaseModel):
    """The case that a report has become, as dispatched; nobody has one that is looked at first."""

    id: UUID
    state: State
    category: str
    place: UUID | None
    priority: Priority
    reported_at: datetime
    due_at: datetime
    assignee: AssigneeFields | None
    version: int
    claim_code: str | None = Field(
        None,
        description="Of a report without a reporter: what opens the case at /claims; it is shown only here",
    )


REPORTERS = allow(
    *(Role.resident, Role.rider, Role.guard, Role.steward, Role.handler, Role.operator, Role.volunteer),
    Role.intake,
)


@routes.post("", status_code=201, response_model=ReportedOut, openapi_extra=declared_body(ReportIn))
@REPORTERS
async def report(request: Request) -> Response:
    """Report a problem; it becomes a case with a deadline at once, and is dispatched or looked at first."""
    call: Call = request.state.call
    body = await read_body(request, ReportIn)
    now = request.app.state.clock.now()
    accepted = report_of(call, body, new_id(), now, body.reported_at, _key(call, anonymous=body.anonymous))
    answer: StoredAnswer = await request.app.state.reports.submit(accepted)
    # The address is the first request's: a repeat is known by another id than the one just made.
    replayed = answer.location != f"/cases/{accepted.id}"
    if accepted.reporter is None:
        answer = _with_code(answer, request.app.state.claims)
    return respond(answer, replayed=replayed)


def report_of(
    call: Call, body: ReportFields, id_: UUID, now: datetime, taken_down: datetime | None, key: Key | None
) -> Report:
    """Make the report that will be stored; `taken_down` is when its device says that it was.

    Raises:
        Forbidden: reporting for somebody else without the role for it.
    """
    person = call.actor.person
    for_others = not _FOR_OTHERS.isdisjoint(call.roles)
    if body.reporter not in (None, person) and not for_others:
        raise Forbidden("only operators and intake systems report for others")
    position = body.position
    # An intake system is nobody whom one could tell what became of it.
    unnamed = body.anonymous or Role.intake in call.roles
    return Report(
        id_,
        body.place,
        None if position is None else position.latitude,
        None if position is None else position.longitude,
        body.reporter or (None if unnamed else person),
        None if body.anonymous and not for_others else person,
        body.description,
        now,
        taken_down,
        call.community,
        body.category,
        call.traceparent,
        key,
    )


def _with_code(answer: StoredAnswer, claims: Claims) -> StoredAnswer:
    """Add the claim code to an answer; it is made anew each time, so that nobody keeps it."""
    case = id_of((answer.location or "").removeprefix("/cases/"))
    code = claims.code(case)
    if code is None:
        return answer
    return answer._replace(body=answer.body[:-1] + b',"claim_code":"' + code.encode() + b'"}')


def _key(call: Call, *, anonymous: bool) -> Key | None:
    key, person = call.key, call.actor.person
    if key is None:
        return None
    if anonymous:
        # The table of keys must not tell who reported: a random key cannot be guessed back from this.
        hidden = hashlib.sha256(f"{person}\0{key}".encode()).hexdigest()
        return Key("anonymous", hidden, call.fingerprint)
    return Key(person, key, call.fingerprint)
