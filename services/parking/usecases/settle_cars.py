"""The one way in which stays change: cars are folded, held to limits, judged, and what is new is said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
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


class Arrival(NamedTuple):
    """What was read of a car just now, and the trace that it came with."""

    reads: list[GateRead]
    trace: str | None


Arrivals = Mapping[UUID, Mapping[str, Arrival]]
"""By compound and plate: a whole delivery's cars are in one compound, and hashing an id for each costs."""

_NO_LIMIT = Limit()


@dataclass(slots=True)
class Settled:
    """What came of settling, gathered for plural writes."""

    begun: list[KnownStay] = field(default_factory=list)
    changed: list[KnownStay] = field(default_factory=list)
    vanished: list[UUID] = field(default_factory=list)
    raised: list[Raised] = field(default_factory=list)
    retracted: list[UUID] = field(default_factory=list)


class _Folded(NamedTuple):
    """A car's stays as folded, each with what was stored of it, and the stored ones that are none."""

    plate: str
    stays: Sequence[tuple[Stay, KnownStay | None]]
    vanished: Sequence[UUID] = ()
    trace: str | None = None


_Cars = dict[UUID, list[_Folded]]


async def settle_arrivals(work: Work, arrivals: Arrivals) -> None:
    """Bring the stays of cars up to date with reads that were stored just now, and say what changed.

    The cars' compounds must be locked. Most reads are later than all that is known of their car, which is
    folded on from its last stay; only of others are all reads read again.
    """
    last_of = await stays.last_of(work.connection, arrivals)
    folded: _Cars = {}
    late: dict[Car, datetime] = {}
    for compound, cars in arrivals.items():
        known, here = last_of[compound], folded.setdefault(compound, [])
        for plate, (new, trace) in cars.items():
            last = known.get(plate)
            going = going_on(None if last is None else last.stay(), new)
            if going is None:
                late[compound, plate] = min(read.at for read in new)
                continue
            was = last if last is not None and last.state is StayState.open else None
            here.append(_Folded(plate, [(going[0], was), *((stay, None) for stay in going[1:])], trace=trace))
    for (compound, _), anew in (await _folded_anew(work, late)).items():
        folded[compound].append(anew._replace(trace=arrivals[compound][anew.plate].trace))
    await _settle_all(work, folded)


async def settle_cars(work: Work, cars: Mapping[Car, datetime]) -> None:
    """Hold the stays of cars to what limits them now, from the given times on, and say what changed.

    The cars' compounds must be locked. Settling anything again changes and says nothing.
    """
    folded: _Cars = {}
    for (compound, plate), found in (await stays.around(work.connection, cars)).items():
        folded.setdefault(compound, []).append(_Folded(plate, [(stay.stay(), stay) for stay in found]))
    await _settle_all(work, folded)


async def _folded_anew(work: Work, cars: Mapping[Car, datetime]) -> dict[Car, _Folded]:
    if not cars:
        return {}
    stored = await stays.around(work.connection, cars)
    found = await reads.around(work.connection, cars)
    folded = {}
    for car, since in cars.items():
        known = {stay.id: stay for stay in stored[car]}
        pairs = [
            (stay, known.pop(stay.id, None)) for stay in fold(_from_first(found[car], stored[car], since))
        ]
        folded[car] = _Folded(car[1], pairs, list(known))
    return folded


async def _settle_all(work: Work, folded: _Cars) -> None:
    connection = work.connection
    marks = await limits.watermarks(connection, folded, work.now, datetime.now(UTC))
    rules = await limit_rules.of_compounds(connection, folded)
    covers = await limits.covers_of(
        connection,
        [
            (compound, each.plate, marks[compound].community, min(stay.first.at for stay, _ in each.stays))
            for compound, cars in folded.items()
            for each in cars
            if each.stays
        ],
    )
    settled = Settled()
    for compound, cars in folded.items():
        mark, held, covered = marks[compound], rules[compound], covers.get(compound, {})
        for plate, seen_stays, vanished, trace in cars:
            for stay, was in seen_stays:
                limit = _NO_LIMIT
                if stay.entered_at is not None:
                    covering = covered.get(plate, ())
                    limit = limit_of(stay.entered_at, held.versions, covering, plate=plate, zone=held.zone)
                seen = _Seen(mark.community, (compound, plate), stay, was, limit, mark.watermark)
                _settle(work, settled, seen, trace)
            settled.vanished += vanished
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


class _Seen(NamedTuple):
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
