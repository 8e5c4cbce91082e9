"""The one way in which stays change: cars are folded, held to limits, judged, and what is new is said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.parking.domain.limits import Limit, limit_of
from services.parking.domain.overstay import Change, change_of, judge
from services.parking.domain.stays import GateRead, Stay, StayState, fold
from services.parking.domain.watermark import Watermark
from services.parking.store import limits, overstays, reads, stays
from services.parking.store.overstays import Raised
from services.parking.store.reads import Car
from services.parking.store.stays import KnownStay, as_known
from services.parking.usecases.stay_facts import ended, entered, overstayed, retracted
from shared.contracts import Fact
from shared.database.work import Work


@dataclass(slots=True)
class Settled:
    """What came of settling, gathered for plural writes."""

    changed: list[KnownStay] = field(default_factory=list)
    vanished: list[UUID] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    retracted: list[UUID] = field(default_factory=list)


async def settle_cars(
    work: Work, cars: Mapping[Car, datetime], traces: Mapping[Car, str | None] | None = None
) -> None:
    """Bring the stays of cars up to date from the given times on, and say what changed.

    The cars' compounds must be locked. Settling anything again changes and says nothing.
    """
    connection, compounds = work.connection, {compound for compound, _ in cars}
    wall = datetime.now(UTC)
    marks = await limits.watermarks(connection, compounds, work.now, wall)
    rules = await limits.rules_of(connection, compounds)
    covers = await limits.covers_of(connection, {car: marks[car[0]].community for car in cars})
    gate_reads = await reads.around(connection, cars)
    known = await stays.around(connection, cars)
    settled = Settled()
    for car, since in cars.items():
        mark = marks[car[0]]
        folded = fold(_from_first(gate_reads[car], known[car], since))
        before = {stay.id: stay for stay in known[car]}
        for stay in folded:
            limit = Limit()
            if stay.entered_at is not None:
                limit = limit_of(stay.entered_at, rules[car[0]], covers[car])
            was = before.pop(stay.id, None)
            now = was or as_known(stay, mark.community, car, 0)
            trace = traces.get(car) if traces else None
            _settle(work, settled, _Seen(stay, was, now, limit, mark.watermark), trace)
        settled.vanished += before
    await _write(work, settled)


def _from_first(found: Sequence[GateRead], known: Sequence[KnownStay], since: datetime) -> list[GateRead]:
    """Leave out reads of the instant at which the first known stay begins that end the one before it."""
    ordered = sorted(found, key=lambda read: read.order)
    starts = [
        number
        for number, read in enumerate(ordered)
        if read.at < since and any(stay.began_with(read) for stay in known)
    ]
    return ordered[starts[0] :] if starts else ordered


@dataclass(frozen=True, slots=True)
class _Seen:
    """A stay as folded, as it was stored (None: it is new), and what it is judged by."""

    stay: Stay
    was: KnownStay | None
    now: KnownStay
    limit: Limit
    watermark: Watermark


def _settle(work: Work, settled: Settled, seen: _Seen, trace: str | None) -> None:
    stay, limit, was = seen.stay, seen.limit, seen.was
    judgement = judge(stay, limit.due_at, seen.watermark.at)
    standing = was is not None and was.standing
    change = change_of(
        standing=standing,
        same_due=was is not None and was.alarm_due == limit.due_at,
        verdict=judgement.verdict,
    )
    now = replace(
        seen.now,
        state=stay.state,
        exited_at=stay.exited_at,
        due_at=limit.due_at,
        judge_at=judgement.again_at,
    )
    provisional = seen.watermark.provisional and stay.state is not StayState.exited
    for fact, time in _facts(seen, now, change, provisional=provisional):
        now = replace(now, version=now.version + 1)
        work.emit(fact, sequence=now.version, community=now.community, time=time, traceparent=trace)
    if now != was:
        settled.changed.append(now)
    if change is Change.raised and limit.due_at is not None:
        settled.raised.append(
            Raised(now.id, now.community, now.compound, now.plate, limit.due_at, provisional, limit.contact)
        )
    if change is Change.retracted:
        settled.retracted.append(now.id)


def _facts(
    seen: _Seen, now: KnownStay, change: Change | None, *, provisional: bool
) -> Iterator[tuple[Fact, Any]]:
    """Give what is to be said, with when it happened; an alarm happens when it is found, not when due."""
    was, stay = seen.was, seen.stay
    if stay.entered_at is None:
        return
    if was is None:
        yield entered(now), stay.entered_at
    if stay.exited_at is not None and (
        was is None or (was.exited_at, was.state) != (now.exited_at, now.state)
    ):
        yield ended(now), stay.exited_at
    if change is Change.raised:
        yield overstayed(now, seen.limit, provisional=provisional), None
    if change is Change.retracted and was is not None:
        yield retracted(now, was.alarm_contact), None


async def _write(work: Work, settled: Settled) -> None:
    connection = work.connection
    if settled.vanished:
        await stays.drop(connection, settled.vanished)
    if settled.changed:
        await stays.put(connection, settled.changed)
    if settled.raised:
        await overstays.put_raised(connection, settled.raised, work.now)
    if settled.retracted:
        await overstays.retract(connection, settled.retracted, work.now)
