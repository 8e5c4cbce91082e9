"""What people do to cases, one verb each. `If-Match` is heeded when sent; 409: the state forbids it."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field

from services.issues.api.cases import ChangedOut, seer_of
from services.issues.api.fields import AssigneeFields, In, Words
from services.issues.domain.case import Case, Seer
from services.issues.usecases.accept_case import accept_case
from services.issues.usecases.assign_case import assign_case
from services.issues.usecases.check_case import check_case
from services.issues.usecases.close_case import close_case
from services.issues.usecases.rate_case import rate_case
from services.issues.usecases.refuse_case import refuse_case
from services.issues.usecases.reopen_case import reopen_case
from services.issues.usecases.resolve_case import resolve_case
from services.issues.usecases.return_case import return_case
from services.issues.usecases.start_case import start_case
from services.issues.usecases.withdraw_case import withdraw_case
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.http.call import Call, Requested
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/cases/{case_id}", "cases")


class NoteIn(In):
    """Why, if there is more to say; notes stay in the case's history.

    Its reporter reads them there, but for those of `assign` and `return`, which are among handlers.
    """

    note: Words | None = None


class ReasonIn(NoteIn):
    """Why, by a code that goes out, and more in words that do not."""

    reason: Code = Field(examples=["not-our-area", "not-mine", "not-possible"])


class AssignIn(NoteIn):
    """To whom the case goes."""

    assignee: AssigneeFields


class AcceptIn(NoteIn):
    """To whom the case goes, where that is not for dispatch to say."""

    assignee: AssigneeFields | None = None


class ResolveIn(In):
    """What was done."""

    outcome: Words = Field(examples=["The van was towed; the lane is free"])


class CheckIn(NoteIn):
    """What the second person found."""

    fixed: bool = Field(description="Whether the problem is gone; if not, the case goes back to its assignee")


class ReopenIn(In):
    """What is not settled."""

    note: Words = Field(examples=["The van is back"])


class RateIn(In):
    """How content the reporter is with this closing."""

    stars: Annotated[int, Field(ge=1, le=5, strict=True, examples=[4])]
    words: Words | None = None


@routes.post("/accept", response_model=ChangedOut)
@allow(Role.operator, Role.dispatcher)
async def accept(request: Request, case_id: UUID, body: AcceptIn, call: Requested) -> Response:
    """Take a case on. What nobody has is dispatched, unless an assignee is named; what somebody has stays."""
    to = None if body.assignee is None else body.assignee.assignee()
    routings = request.app.state.routings
    return await _change(
        call, lambda work, by, seen: accept_case(work, case_id, by, to, body.note, seen, routings)
    )


@routes.post("/refuse", response_model=ChangedOut)
@allow(Role.operator, Role.dispatcher)
async def refuse(case_id: UUID, body: ReasonIn, call: Requested) -> Response:
    """Do not take a case on, which ends it; not while somebody works on it."""
    return await _change(
        call, lambda work, by, seen: refuse_case(work, case_id, by, body.reason, body.note, seen)
    )


@routes.post("/assign", response_model=ChangedOut)
@allow(Role.operator, Role.dispatcher)
async def assign(case_id: UUID, body: AssignIn, call: Requested) -> Response:
    """Give a case to a role, a person or the volunteers, for the first time or anew; its clock goes on."""
    assignee = body.assignee.assignee()
    return await _change(
        call, lambda work, by, seen: assign_case(work, case_id, by, assignee, body.note, seen)
    )


@routes.post("/start", response_model=ChangedOut)
@members()
async def start(case_id: UUID, body: NoteIn, call: Requested) -> Response:
    """Begin to work on a case: its assignee, a holder of the assigned role, or an operator."""
    return await _change(call, lambda work, by, seen: start_case(work, case_id, by, body.note, seen))


@routes.post("/return", response_model=ChangedOut)
@members()
async def give_back(case_id: UUID, body: ReasonIn, call: Requested) -> Response:
    """Give a case back, so that who dispatches finds somebody else: its assignee, or an operator."""
    return await _change(
        call, lambda work, by, seen: return_case(work, case_id, by, body.reason, body.note, seen)
    )


@routes.post("/resolve", response_model=ChangedOut)
@members()
async def resolve(case_id: UUID, body: ResolveIn, call: Requested) -> Response:
    """Say that the matter is settled: its assignee, a holder of the assigned role, or an operator."""
    return await _change(call, lambda work, by, seen: resolve_case(work, case_id, by, body.outcome, seen))


@routes.post("/check", response_model=ChangedOut)
@members()
async def check(case_id: UUID, body: CheckIn, call: Requested) -> Response:
    """Say whether what is called settled is so: anybody concerned but whoever settled it."""
    return await _change(
        call, lambda work, by, seen: check_case(work, case_id, by, body.note, seen, fixed=body.fixed)
    )


@routes.post("/close", response_model=ChangedOut)
@allow(Role.operator, Role.dispatcher)
async def close(case_id: UUID, body: NoteIn, call: Requested) -> Response:
    """Close a settled case; where its category wants it checked, only after that."""
    return await _change(call, lambda work, by, seen: close_case(work, case_id, by, body.note, seen))


@routes.post("/withdraw", response_model=ChangedOut)
@members()
async def withdraw(case_id: UUID, body: NoteIn, call: Requested) -> Response:
    """Take back what one has reported, which ends it; not once it is settled."""
    return await _change(call, lambda work, by, seen: withdraw_case(work, case_id, by, body.note, seen))


@routes.post("/reopen", response_model=ChangedOut)
@members()
async def reopen(case_id: UUID, body: ReopenIn, call: Requested) -> Response:
    """Open one's closed case again while `reopen_until` has not come; operators may for any reporter."""
    return await _change(call, lambda work, by, seen: reopen_case(work, case_id, by, body.note, seen))


@routes.post("/rate", response_model=ChangedOut)
@members()
async def rate(case_id: UUID, body: RateIn, call: Requested) -> Response:
    """Rate the closing of one's case, once for each; the words are for who oversees all, and leave never."""
    return await _change(
        call, lambda work, by, seen: rate_case(work, case_id, by, body.stars, body.words, seen)
    )


async def _change(call: Call, change: Callable[[Work, Seer, int | None], Awaitable[Case]]) -> Response:
    """Make one change as whoever asks, of the version that they have seen if they say so."""
    by = seer_of(call)
    seen = None if call.if_match is None else call.require_version()
    return await call.write(
        lambda work: change(work, by, seen), ChangedOut.of, etag=lambda case: case.version
    )
