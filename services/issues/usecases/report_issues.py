"""Reports become cases, and as a rule are dispatched: the hot path, so it takes many at once."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson

from services.issues.domain.deadline import due_at
from services.issues.store.reports import NewCase, insert_reported
from services.issues.usecases.case_facts import assignee_fact
from services.issues.usecases.routings import CurrentRouting, Routings, learn_places
from shared.contracts.fact import Fact
from shared.contracts.issues.case import IssueAssigned, IssueReported
from shared.database.work import Work
from shared.errors import Invalid, NotFound
from shared.http.idempotency import KeyClaim, StoredAnswer, answers_before, claim_keys

Outcome = StoredAnswer | Exception


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key with whose it is and what tells its request from others."""

    actor: str
    key: str
    fingerprint: bytes


class Report(NamedTuple):
    """What somebody reports; id and time were given to it on arrival, so that storing it can be repeated.

    `reporter` and `filed_by` are None when it is anonymous.
    """

    id: UUID
    community: UUID
    category: str
    place: UUID | None
    latitude: float | None
    longitude: float | None
    reporter: str | None
    filed_by: str | None
    description: str
    reported_at: datetime
    device_reported_at: datetime | None
    traceparent: str | None
    key: Key | None = None


async def report_issues(work: Work, reports: Sequence[Report], routings: Routings) -> list[Outcome]:
    """Store reports of any communities as cases, dispatched unless their category is looked at first.

    Gives one answer or refusal for each, in order.

    Runs under the system role: that the sender may report in the community was checked before, and a place
    is looked up in the report's own community only. A report whose key was used gets the answer of that
    time; one whose case is there already (the flush is repeated) stores and says nothing twice.
    """
    current = await routings.current(work.connection, list({report.community for report in reports}))
    await learn_places(work.connection, ((report.community, report.place) for report in reports), current)
    outcomes: list[Outcome] = []
    cases: list[NewCase | None] = []
    for report in reports:
        try:
            case = _decided(report, current)
        except (Invalid, NotFound) as error:
            cases.append(None)
            outcomes.append(error)
        else:
            cases.append(case)
            outcomes.append(_answer(report, case))
    await _claim(work, reports, cases, outcomes)
    new = [(report, case) for report, case in zip(reports, cases, strict=True) if case is not None]
    if new:
        await _store_and_say(work, new)
    return outcomes


async def _store_and_say(work: Work, new: Sequence[tuple[Report, NewCase]]) -> None:
    """Store new cases, and put into words what is said of them while the server is at it."""
    before = len(work.outgoing)
    cases = [case for _, case in new]
    storing = asyncio.create_task(insert_reported(work.connection, cases))
    try:
        for _ in range(2):  # turns of the loop: in the first the statement is made, at its end it is sent
            await asyncio.sleep(0)
        for report, case in new:
            _emit(work, report, case)
    finally:
        there = await storing  # until then the connection is not free, whatever happened here
    if there:
        del work.outgoing[before:]
        for report, case in new:
            if case.id not in there:
                _emit(work, report, case)


def _decided(report: Report, routings: Mapping[UUID, CurrentRouting]) -> NewCase:
    """Decide where a report goes and when it is due.

    Raises:
        NotFound: no such community.
        Invalid: no such category or place.
    """
    routing = routings.get(report.community)
    if routing is None:
        raise NotFound("no such community")
    decision = routing.decision(report.category, report.place)
    return NewCase(
        report.id,
        report.community,
        decision,
        report.place,
        report.latitude,
        report.longitude,
        report.reporter,
        report.filed_by,
        report.description,
        report.reported_at,
        report.device_reported_at,
        due_at(report.reported_at, decision.deadline_minutes, decision.calendar),
    )


async def _claim(
    work: Work, reports: Sequence[Report], cases: list[NewCase | None], outcomes: list[Outcome]
) -> None:
    """Take the keys; a report whose key was used before loses its case and gets that answer instead."""
    numbers: list[int] = []
    claims: list[KeyClaim] = []
    for number, (report, answer) in enumerate(zip(reports, outcomes, strict=True)):
        key = report.key
        if key is not None and isinstance(answer, StoredAnswer):
            numbers.append(number)
            claims.append(
                KeyClaim(
                    report.community,
                    key.actor,
                    key.key,
                    key.fingerprint,
                    answer.status,
                    answer.body,
                    answer.etag,
                    answer.location,
                )
            )
    if not claims:
        return
    before = answers_before(claims, await claim_keys(work.connection, claims))
    for number, answer_before in zip(numbers, before, strict=True):
        if answer_before is not None:
            cases[number] = None
            outcomes[number] = answer_before


def _emit(work: Work, report: Report, case: NewCase) -> None:
    decision = case.decision
    reported = IssueReported(
        case=case.id,
        category=decision.category,
        place=case.place,
        priority=decision.priority.value,
        state="reported",
        reporter=case.reporter,
        reported_at=case.reported_at,
        due_at=case.due_at,
        told=None if decision.screener is None else assignee_fact(decision.screener),
    )
    said: tuple[tuple[int, Fact], ...] = ((1, reported),)
    if decision.assignee is not None:
        assigned = IssueAssigned(
            case=case.id,
            category=decision.category,
            place=case.place,
            priority=decision.priority.value,
            assignee=assignee_fact(decision.assignee),
            reporter=case.reporter,
            due_at=case.due_at,
        )
        said = ((1, reported), (2, assigned))
    for sequence, fact in said:
        work.emit(
            fact,
            sequence=sequence,
            community=case.community,
            time=case.reported_at,
            traceparent=report.traceparent,
        )


def _answer(report: Report, case: NewCase) -> StoredAnswer:
    """Say what became of a report, as `ReportedCase` of the API describes it."""
    body = orjson.dumps(
        {
            "id": case.id,
            "state": case.decision.state,
            "category": case.decision.category,
            "place": case.place,
            "priority": case.decision.priority,
            "reported_at": case.reported_at,
            "due_at": case.due_at,
            "assignee": orjson.Fragment(case.decision.assignee_json),
            "version": case.decision.version,
        },
        option=orjson.OPT_UTC_Z,
    )
    fingerprint = b"" if report.key is None else report.key.fingerprint
    return StoredAnswer(fingerprint, 201, body, case.decision.etag, f"/cases/{case.id}")
