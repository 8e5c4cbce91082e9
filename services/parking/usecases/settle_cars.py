"""The one way in which stays change: cars are folded, held to limits, judged, and what is new is said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from services.parking.domain.limits import Limit, limit_of
from services.parking.domain.overstay import Change, change_of, judge
from services.parking.domain.stays import GateRead, Stay, StayState, fold, going_on
from services.parking.domain.watermark import Watermark
from services.parking.store import limit_rules, limits, overstays, reads, stays
from services.parking.store.overstays import Raised
from services.parking.store.reads import Car
from services.parking.store.stays import KnownStay
from services.parking.usecases.stay_facts import ended, entered, overstayed, retracted
from shared.contracts import Fact
from shared.database.work import Work

Arrivals = Mapping[Car, Sequence[GateRead]]
_NO_LIMIT = Limit()


@dataclass(slots=True)
class Settled:
    """What came of settling, gathered for plural writes."""

    begun: list[KnownStay] = field(default_factory=list)
    changed: list[KnownStay] = field(default_factory=list)
    vanished: list[UUID] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    retracted: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A car's stays, and those of them, or in their place, that were stored."""

    car: Car
    stays: Sequence[Stay]
    known: Sequence[KnownStay]


async def settle_arrivals(work: Work, arrivals: Arrivals, traces: Mapping[Car, str | None]) -> None:
    """Bring the stays of cars up to date with reads that were stored just now, and say what changed.

    The cars' compounds must be locked. Most reads are later than all that is known of their car, which is
    folded on from its last stay; only of others are all reads read again.
    """
    known = await stays.last_of(work.connection, arrivals)
    folded, late = [], {}
    for car, new in arrivals.items():
        last = known.get(car)
        going = going_on(None if last is None else last.stay(), new)
        if going is None:
            late[car] = min(read.at for read in new)
        else:
            goes_on = last is not None and last.state is StayState.open
            folded.append(_Folded(car, going, [last] if last is not None and goes_on else []))
    await _settle_all(work, [*folded, *await _folded_anew(work, late)], traces)


async def settle_cars(work: Work, cars: Mapping[Car, datetime]) -> None:
    """Hold the stays of cars to what limits them now, from the given times on, and say what changed.

    The cars' compounds must be locked. Settling anything again changes and says nothing.
    """
    known = await stays.around(work.connection, cars)
    folded = [_Folded(car, [stay.stay() for stay in found], found) for car, found in known.items()]
    await _settle_all(work, folded, {})


async def _folded_anew(work: Work, cars: Mapping[Car, datetime]) -> list[_Folded]:
    if not cars:
        return []
    known = await stays.around(work.connection, cars)
    found = await reads.around(work.connection, cars)
    return [
        _Folded(car, fold(_from_first(found[car], known[car], since)), known[car])
        for car, since in cars.items()
    ]


async def _settle_all(work: Work, folded: Sequence[_Folded], traces: Mapping[Car, str | None]) -> None:
    connection, compounds = work.connection, {each.car[0] for each in folded}
    marks = await limits.watermarks(connection, compounds, work.now, datetime.now(UTC))
    rules = await limit_rules.of_compounds(connection, compounds)
    covers = await limits.covers_of(connection, {each.car: marks[each.car[0]].community for each in folded})
    settled = Settled()
    for each in folded:
        car, mark = each.car, marks[each.car[0]]
        before = {stay.id: stay for stay in each.known}
        for stay in each.stays:
            limit = _NO_LIMIT
            if stay.entered_at is not None:
                held = rules[car[0]]
                limit = limit_of(stay.entered_at, held.versions, covers[car], plate=car[1], zone=held.zone)
            seen = _Seen(mark.community, car, stay, before.pop(stay.id, None), limit, mark.watermark)
            _settle(work, settled, seen, traces.get(car))
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


@dataclass(slots=True)
class _Seen:
    """A stay as folded, as it was stored (None: it is new), and what it is judged by."""

    community: UUID
    car: Car
    stay: Stay
    was: KnownStay | None
    limit: Limit
    watermark: Watermark


def _settle(work: Work, settled: Settled, seen: _Seen, trace: str | None) -> None:
    stay, limit, was = seen.stay, seen.limit, seen.was
    judgement = judge(stay, limit.due_at, seen.watermark.at)
    change = change_of(
        standing=was is not None and was.standing,
        same_due=was is not None and was.alarm_due == limit.due_at,
        verdict=judgement.verdict,
    )
    provisional = seen.watermark.provisional and stay.state is not StayState.exited
    heard = change is None or _somebody_hears(seen, change)
    said = list(_said(seen, change if heard else None, provisional=provisional))
    version = 0 if was is None else was.version
    now = _now(seen, judgement.again_at, version + len(said))
    for number, (fact, time) in enumerate(said, version + 1):
        work.emit(fact(now), sequence=number, community=now.community, time=time, traceparent=trace)
    if was is None:
        settled.begun.append(now)
    elif said or _state(was) != _state(now):
        settled.changed.append(now)
    if change is Change.raised and limit.due_at is not None:
        settled.raised.append(
            Raised(
                now.id,
                now.community,
                now.compound,
                now.plate,
                limit.due_at,
                provisional,
                limit.contact,
                heard,
            )
        )
    if change is Change.retracted:
        settled.retracted.append(now.id)


def _somebody_hears(seen: _Seen, change: Change) -> bool:
    """Tell whether an alarm, or that it was none, is for anybody.

    A car whose exit was known already, and which only another limit finds too long, is gone: nobody can act.
    """
    was, stay = seen.was, seen.stay
    if was is None:
        return True
    if change is Change.retracted:
        return bool(was.alarm_told)
    known_gone = stay.exited_at is not None and was.exited_at == stay.exited_at
    return not (known_gone and was.due_at != seen.limit.due_at)


def _now(seen: _Seen, judge_at: datetime | None, version: int) -> KnownStay:
    stay, (compound, plate) = seen.stay, seen.car
    return KnownStay(
        stay.id,
        seen.community,
        compound,
        plate,
        stay.state,
        stay.first.device,
        stay.first.read,
        stay.first.at,
        stay.entered_at,
        stay.exited_at,
        seen.limit.due_at,
        judge_at,
        version,
    )


def _state(stay: KnownStay) -> tuple[StayState, datetime | None, datetime | None, datetime | None]:
    return stay.state, stay.exited_at, stay.due_at, stay.judge_at


def _said(
    seen: _Seen, change: Change | None, *, provisional: bool
) -> Iterator[tuple[Callable[[KnownStay], Fact], datetime | None]]:
    """Give what is to be said, with when it happened; an alarm happens when it is found, not when due."""
    was, stay = seen.was, seen.stay
    if stay.entered_at is None:
        return
    if was is None:
        yield entered, stay.entered_at
    if stay.exited_at is not None and (
        was is None or (was.exited_at, was.state) != (stay.exited_at, stay.state)
    ):
        yield ended, stay.exited_at
    if change is Change.raised:
        yield lambda now: overstayed(now, seen.limit, provisional=provisional), None
    if change is Change.retracted and was is not None:
        contact = was.alarm_contact
        yield lambda now: retracted(now, contact), None


async def _write(work: Work, settled: Settled) -> None:
    connection = work.connection
    if settled.vanished:
        await stays.drop(connection, settled.vanished)
    if settled.begun:
        await stays.begin(connection, settled.begun)
    if settled.changed:
        await stays.change(connection, settled.changed)
    if settled.raised:
        await overstays.put_raised(connection, settled.raised, work.now)
    if settled.retracted:
        await overstays.retract(connection, settled.retracted, work.now)
