"""Reports that were written offline, sent together when the device is back: each is answered for itself."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import Request, Response
from pydantic import BaseModel, Field, ValidationError

from services.issues.api.fields import In, Moment
from services.issues.api.reports import REPORTERS, ReportFields, report_of
from services.issues.domain.case import State
from services.issues.domain.device_time import believed, skew_of
from services.issues.store.own_reports import Known, known_reports
from services.issues.store.reports import Report
from services.issues.usecases.open_claim import Claims
from shared.database.batch import BatchWriter
from shared.errors import Conflict, Forbidden, Invalid, LinliError, handling_of
from shared.http.body import declared_body, read_body
from shared.http.call import Call
from shared.http.idempotency import StoredAnswer
from shared.http.problem import FieldProblem, field_problem, type_of
from shared.http.routing import router
from shared.identifiers import derived_id

routes = router("/reports", "cases")
MOST_ITEMS = 100
LIMIT = 2 * 1024 * 1024


class ItemIn(ReportFields):
    """A report that a device kept while it was offline."""

    client_id: UUID = Field(description="Made by the device, once; sent again it is the same report for ever")
    observed_at: Moment = Field(description="When it was taken down, by the device's clock")


class BatchIn(In):
    """What a device has kept, and what its clock says while it sends."""

    sent_at: Moment = Field(description="The device's clock while it sends: by this its skew is estimated")
    items: Annotated[
        list[Annotated[ItemIn | dict[str, Any], Field(union_mode="left_to_right")]],
        Field(min_length=1, max_length=MOST_ITEMS, description="An item that is none is answered as refused"),
    ]


class ItemProblem(BaseModel):
    """Why an item was not taken."""

    type: str
    title: str
    detail: str
    errors: list[FieldProblem]


class ItemOut(BaseModel):
    """What became of one item: stored now, there already, refused for good, or to be sent again later."""

    client_id: UUID | None = None
    outcome: Literal["accepted", "known", "refused", "send-again"]
    case: UUID | None = None
    state: State | None = None
    due_at: datetime | None = None
    claim_code: str | None = None
    problem: ItemProblem | None = None


class BatchOut(BaseModel):
    """An answer for each item, in their order, and by how much the device's clock was taken to be ahead."""

    skew_seconds: float
    items: list[ItemOut]


@dataclass(frozen=True, slots=True)
class _Sending:
    """One batch on its way in."""

    call: Call
    now: datetime
    sent_at: datetime
    skew: timedelta
    claims: Claims

    def prepared(self, number: int, given: ItemIn | dict[str, Any]) -> "_Item | ItemOut":
        """Make the report of an item, or say why it is none."""
        try:
            fields = given if isinstance(given, ItemIn) else ItemIn.model_validate(given)
            return _Item(fields.client_id, self._report(fields))
        except ValidationError as error:
            problems = [
                field_problem("body", ["items", number, *each["loc"]], each["type"], each["msg"])
                for each in error.errors(include_url=False, include_input=False, include_context=False)
            ]
            return _refused(None, Invalid("one or more fields are not valid", errors=problems))
        except Forbidden as error:
            return _refused(given.client_id if isinstance(given, ItemIn) else None, error)

    def _report(self, fields: ItemIn) -> Report:
        # Random as it is, the client's id keeps anybody from finding by trial who reported anonymously. The
        # case's id derives from it, so that it is stored once however often and however late it comes.
        id_ = derived_id(self.call.community, f"report\0{self.call.actor.person}\0{fields.client_id}")
        taken_down = believed(fields.observed_at, self.sent_at, self.skew)
        return report_of(self.call, fields, id_, self.now, taken_down, None)

    def answer(
        self, item: "_Item", first: Report, outcome: "StoredAnswer | Known | BaseException"
    ) -> ItemOut:
        """Tell what became of an item; `first` is the first of the batch with its id."""
        said_before = outcome if isinstance(outcome, Known) else first
        if not item.says_as(said_before):
            outcome = Conflict("this client_id is that of another report; make a new one")
        if isinstance(outcome, BaseException):
            return _refused(item.client_id, outcome)
        case = item.report.id
        anonymous = outcome.anonymous if isinstance(outcome, Known) else first.reporter is None
        told = {
            "client_id": item.client_id,
            "case": case,
            "claim_code": self.claims.code(case) if anonymous else None,
        }
        if isinstance(outcome, Known):
            return ItemOut(outcome="known", state=outcome.state, **told)
        said = orjson.loads(outcome.body)
        return ItemOut(outcome="accepted", state=said["state"], due_at=said["due_at"], **told)


@dataclass(frozen=True, slots=True)
class _Item:
    client_id: UUID
    report: Report

    def says_as(self, other: Known | Report) -> bool:
        """Tell whether this says the same as what has its id."""
        own = self.report
        said = (other.category, other.place, other.description)
        return said == (own.category, own.place, own.description)


@routes.post("/batch", response_model=BatchOut, openapi_extra=declared_body(BatchIn), max_body_size=LIMIT)
@REPORTERS
async def report_batch(request: Request) -> Response:
    """Report what was written offline, up to 100 at once; a bad item hurts only itself.

    Repeats need no key: each item is known by the id that its device gave it.
    """
    call: Call = request.state.call
    state = request.app.state
    body = await read_body(request, BatchIn)
    now: datetime = state.clock.now()
    sending = _Sending(call, now, body.sent_at, skew_of(body.sent_at, now), state.claims)
    prepared = [sending.prepared(number, given) for number, given in enumerate(body.items)]
    # Of items with the same id the first is stored, and the others are answered like it.
    reports = {item.report.id: item.report for item in reversed(prepared) if isinstance(item, _Item)}
    outcomes = await _stored(call, state.reports, reports)
    items = [
        sending.answer(item, reports[item.report.id], outcomes[item.report.id])
        if isinstance(item, _Item)
        else item
        for item in prepared
    ]
    answer = BatchOut(skew_seconds=sending.skew.total_seconds(), items=items)
    return Response(answer.model_dump_json(), media_type="application/json")


async def _stored(
    call: Call, writer: "BatchWriter[Report, StoredAnswer]", reports: Mapping[UUID, Report]
) -> "dict[UUID, StoredAnswer | Known | BaseException]":
    """Store what is not there yet, through the hot path's writer: together with whatever else arrives."""
    known = await call.read(lambda work: known_reports(work.connection, call.community, list(reports)))
    new = [report for id_, report in reports.items() if id_ not in known]
    outcomes = await asyncio.gather(*map(writer.submit, new), return_exceptions=True)
    return {**known, **{report.id: outcome for report, outcome in zip(new, outcomes, strict=True)}}


def _refused(client_id: UUID | None, error: BaseException) -> ItemOut:
    handling = handling_of(error)
    if handling is None:
        raise error
    problem = ItemProblem(
        type=type_of(handling),
        title=handling.title,
        detail=error.detail if isinstance(error, LinliError) else "",
        errors=error.extensions.get("errors", []) if isinstance(error, LinliError) else [],
    )
    outcome = "send-again" if handling.transient else "refused"
    return ItemOut.model_validate({"client_id": client_id, "outcome": outcome, "problem": problem})
