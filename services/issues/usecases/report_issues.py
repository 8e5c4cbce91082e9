"""Reports become cases, and as a rule are dispatched: the hot path, so it takes many at once."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from services.issues.domain.deadline import due_at
from services.issues.store.reports import NewCase, Report, insert_reported
from services.issues.usecases.routings import CurrentRouting, Routings, learn_places
from shared.contracts.fact import written
from shared.database.work import Work
from shared.errors import Invalid, KeyReused, NotFound
from shared.http.idempotency import KeyClaim, StoredAnswer, answers_before, claim_keys, find_answers

Outcome = StoredAnswer | Exception
Result = TypeVar("Result")

_TURN = 16
"""Reports put into words before the loop turns: the rest of a long statement is sent, requests are read."""


async def report_issues(work: Work, reports: Sequence[Report], routings: Routings) -> list[Outcome]:
    """Store reports of any communities as cases, dispatched unless their category is looked at first.

    Gives one answer or refusal for each, in order.

    Runs under the system role: that the sender may report in the community was checked before, and a place
    is looked up in the report's own community only. A report whose key was used gets the answer of that
    time; one whose case is there already (the flush is repeated) stores and says nothing twice.

    Raises:
        asyncpg.UniqueViolationError: one of several is there already; nothing is stored, each goes alone.
    """
    communities = list({report.community for report in reports})
    kept = {community: routings.kept.get(community) for community in communities}
    async with _under_way(routings.current(work.connection, communities)) as asking:
        cases = _decided(reports, kept)
    current = asking.result()
    if current != kept or not all(isinstance(case, NewCase) for case in cases):
        await learn_places(work.connection, ((report.community, report.place) for report in reports), current)
        cases = _decided(reports, current)
        await _answer_repeats(work, reports, cases)
    await _claim(work, reports, cases)
    new = [case for case in cases if isinstance(case, NewCase)]
    answers = iter(await _stored(work, new))
    return [next(answers) if isinstance(case, NewCase) else case for case in cases]


def _decided(
    reports: Sequence[Report], routings: Mapping[UUID, CurrentRouting | None]
) -> list[NewCase | Outcome]:
    """Decide where each report goes and when it is due, or why it is refused."""
    cases: list[NewCase | Outcome] = []
    for report in reports:
        routing = routings.get(report.community)
        if routing is None:
            cases.append(NotFound("no such community"))
            continue
        try:
            decision = routing.decision(report.category, report.place)
        except Invalid as error:
            cases.append(error)
            continue
        due = due_at(report.reported_at, decision.deadline_minutes, decision.calendar)
        cases.append(NewCase(report, decision, due))
    return cases


async def _answer_repeats(work: Work, reports: Sequence[Report], cases: list[NewCase | Outcome]) -> None:
    """Answer what would be refused today, and was accepted under the same key, as it was answered then."""
    keys = {
        number: (report.key, (report.community, report.key.actor, report.key.key))
        for number, (report, case) in enumerate(zip(reports, cases, strict=True))
        if report.key is not None and isinstance(case, Exception)
    }
    stored = await find_answers(work.connection, [ident for _, ident in keys.values()])
    for number, (key, ident) in keys.items():
        if ident in stored:
            try:
                cases[number] = stored[ident].for_request(key.fingerprint)
            except KeyReused as error:
                cases[number] = error


async def _claim(work: Work, reports: Sequence[Report], cases: list[NewCase | Outcome]) -> None:
    """Take the keys; a report whose key was used before loses its case and gets that answer instead."""
    numbers: list[int] = []
    claims: list[KeyClaim] = []
    for number, (report, case) in enumerate(zip(reports, cases, strict=True)):
        key = report.key
        if key is not None and isinstance(case, NewCase):
            answer = _answer(case, _values(case))
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
            cases[number] = answer_before


async def _stored(work: Work, new: Sequence[NewCase]) -> list[StoredAnswer]:
    """Store new cases, and while the server is at it put into words what is said and answered."""
    if not new:
        return []
    before = len(work.outgoing)
    answers = []
    async with _under_way(insert_reported(work.connection, new)) as storing:
        for number, case in enumerate(new):
            if number % _TURN == 0:
                await asyncio.sleep(0)
            report, decision, _ = case
            values = _values(case)
            decision.said.emit(
                work,
                values,
                community=decision.community,
                time=values[-1],
                traceparent=report.traceparent,
            )
            answers.append(_answer(case, values))
    if not storing.result():
        del work.outgoing[before:]  # said when it was stored
    return answers


@asynccontextmanager
async def _under_way(statement: Coroutine[Any, Any, Result]) -> AsyncIterator["asyncio.Task[Result]"]:
    """Have a statement sent, and do meanwhile what needs no connection; behind the block it is free again."""
    task = asyncio.create_task(statement)
    try:
        await asyncio.sleep(0)  # in this turn of the loop the statement is made, at its end it is sent
        yield task
    finally:
        await asyncio.wait({task})


def _values(case: NewCase) -> tuple[bytes, ...]:
    """Write what is a report's own in facts and answer, in the order of `GAPS`: last when it was reported."""
    report, _, due = case
    return (
        b'"%b"' % str(report.id).encode(),
        b"null" if report.place is None else b'"%b"' % str(report.place).encode(),
        written(report.reporter),
        written(due),
        written(report.reported_at),
    )


def _answer(case: NewCase, values: tuple[bytes, ...]) -> StoredAnswer:
    """Say what became of a report, as `ReportedCase` of the API describes it."""
    report, decision, _ = case
    ident, place, _, due, reported = values
    own = b'{"id":%b,"place":%b,"reported_at":%b,"due_at":%b,' % (ident, place, reported, due)
    fingerprint = b"" if report.key is None else report.key.fingerprint
    return StoredAnswer(fingerprint, 201, own + decision.answer[1:], decision.etag, f"/cases/{report.id}")
