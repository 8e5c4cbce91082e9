"""The one way in which looks at cars open violations, add to them and end them, whoever looked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from prometheus_client import Counter

from services.parking.domain.limits import may_park, rule_at
from services.parking.domain.violation import Says, begun, cleared, opens, seen
from services.parking.domain.violation_kind import QUIET_ZONE, Kind, kinds_at
from services.parking.domain.violation_sight import IN_CHARGE
from services.parking.store import (
    households,
    limit_rules,
    owners,
    sightings,
    violation_kinds,
    violations,
    zones,
)
from services.parking.store.limit_rules import Rules
from services.parking.store.reads import Car
from services.parking.store.sightings import Gone, Sighting
from services.parking.store.violations import TakenStep, Violation
from services.parking.usecases.violation_facts import Persons, check_not_own, tell_cleared, tell_opened
from shared.database.work import Work
from shared.identifiers import new_id
from shared.telemetry.logs import log

GATE, PERSON = "gate", "person"
_MISNAMED = Counter(
    "linli_looks_misnamed_total", "Kinds and zones of looks that their compound does not have", ["what"]
)


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a car; `kind` None is a gate that read it leaving, which ends all kinds.

    `source_id` is the device and its read, the person, or the task.
    """

    community: UUID
    compound: UUID
    plate: str
    kind: str | None
    says: Says
    seen_at: datetime
    source: str
    source_id: str
    role: str | None = None
    evidence: tuple[str, ...] = ()
    zone: str | None = None
    traceparent: str | None = None

    @property
    def car(self) -> Car:
        return self.compound, self.plate


@dataclass(slots=True)
class _Known:
    """What is known of the cars looked at, and what comes of the looks."""

    open: dict[tuple[UUID, str, str], Violation]
    gone: Mapping[tuple[UUID, str, str | None], Gone] = field(default_factory=dict)
    kinds: Mapping[UUID, dict[str, Kind]] = field(default_factory=dict)
    rules: Mapping[UUID, Rules] = field(default_factory=dict)
    owners: Mapping[Car, tuple[UUID | None, str | None]] = field(default_factory=dict)
    persons: Persons = field(default_factory=dict)
    changed: dict[UUID, Violation] = field(default_factory=dict)
    begun: list[TakenStep] = field(default_factory=list)
    kept: list[Sighting] = field(default_factory=list)


async def take_looks(work: Work, looks: Sequence[Look]) -> list[UUID | None]:
    """Take looks at cars of any communities; gives of each the violation it opened, added to or ended.

    The cars' compounds must be locked, so that two looks at one car know of each other. Raises OwnCarError
    for a person who would end the case of their own car.
    """
    connection, cars = work.connection, {look.car: look.community for look in looks}
    found = await violations.lock_open(connection, sorted(cars))
    known = _Known({(each.compound, each.plate, each.kind): each for each in found})
    order = sorted(range(len(looks)), key=lambda number: (looks[number].seen_at, number))
    in_order = [looks[number] for number in order]
    there = {look.car: (look.community, look.seen_at) for look in in_order if look.says is Says.there}
    if there:
        known.gone = await sightings.last_gone(connection, there)
        known.owners = await owners.owners_of(connection, there)
        versions = await violation_kinds.versions_of(connection, {car[0] for car in there})
        known.kinds = {compound: kinds_at(found, work.now) for compound, found in versions.items()}
        await _warn_of_misnamed(work, known, [look for look in looks if look.says is Says.there])
    quiet = {look.compound for look in looks if _names_a_quiet_zone(look)}
    if quiet:
        known.rules = await limit_rules.of_compounds(connection, quiet)
    concerned_households = [each.household for each in found] + [each[0] for each in known.owners.values()]
    known.persons = await households.persons_of(connection, concerned_households)
    concerned = {number: _take(work, known, looks[number]) for number in order}
    await _write(work, known)
    return [concerned[number] for number in range(len(looks))]


async def _warn_of_misnamed(work: Work, known: _Known, there: Sequence[Look]) -> None:
    """Count and name what a camera's settings misspell: its looks are kept, and open nothing."""
    kinds = {(look.compound, str(look.kind)) for look in there if look.kind not in known.kinds[look.compound]}
    named = {(look.compound, look.zone) for look in there if look.zone is not None}
    wrong = {"kind": kinds, "zone": await zones.missing(work.connection, named)}
    for what, found in wrong.items():
        _MISNAMED.labels(what).inc(len(found))
    if any(wrong.values()):
        said = {
            what: sorted(f"{compound} {name}" for compound, name in found) for what, found in wrong.items()
        }
        log.warning("looks name what their compound does not have", **said)


def _take(work: Work, known: _Known, look: Look) -> UUID | None:
    if look.kind is None:
        for kind in [key[2] for key in known.open if key[:2] == look.car]:
            _end(work, known, look, kind)
        return None
    take = _see if look.says is Says.there else _end
    concerned = take(work, known, look, look.kind)
    _keep(work, known, look, look.kind, concerned)
    return concerned


def _see(work: Work, known: _Known, look: Look, kind: str) -> UUID | None:
    key = (*look.car, kind)
    violation = known.open.get(key)
    if violation is None:
        return _open(work, known, look, kind)
    _changed(known, replace(violation, course=seen(violation.course, look.seen_at)))
    return violation.id


def _open(work: Work, known: _Known, look: Look, name: str) -> UUID | None:
    kind = known.kinds[look.compound].get(name)
    gone = [known.gone[key] for key in ((*look.car, name), (*look.car, None)) if key in known.gone]
    gone_at = max((each.at for each in gone), default=None)
    # Who may say that a car stands there rightly may also say that it does not.
    excused_at = None if look.role in IN_CHARGE or not gone else gone[0].excused_at
    if kind is None or not kind.enabled or not opens(look.seen_at, work.now, gone_at, excused_at):
        return None
    if _names_a_quiet_zone(look) and _may_stand(known.rules[look.compound], look):
        return None
    household, contact = known.owners[look.car]
    violation = Violation(
        id=new_id(),
        community=look.community,
        compound=look.compound,
        plate=look.plate,
        kind=name,
        kind_version=kind.version,
        household=household,
        contact=contact,
        opened_at=work.now,
        version=1,
        course=begun(kind.steps, look.seen_at, work.now),
    )
    tell_opened(work, violation, known.persons, look.traceparent)
    known.begun.append(TakenStep(violation, "seen", work.now))
    _changed(known, violation)
    return violation.id


def _names_a_quiet_zone(look: Look) -> bool:
    return look.says is Says.there and look.kind == QUIET_ZONE and look.zone is not None


def _may_stand(rules: Rules, look: Look) -> bool:
    """Tell whether the zone was not to be kept free when the car was seen there."""
    rule = rule_at(rules.versions, look.seen_at)
    return may_park(rule, look.zone or "", look.seen_at.astimezone(rules.zone))


def _end(work: Work, known: _Known, look: Look, kind: str) -> UUID | None:
    violation = known.open.get((*look.car, kind))
    if violation is None:
        return None
    course = cleared(violation.course, look.says, look.seen_at, work.now)
    if course == violation.course:
        return violation.id
    if look.source == PERSON:
        check_not_own(violation, known.persons, look.source_id)
    _changed(known, tell_cleared(work, violation, course, known.persons, look.traceparent))
    del known.open[(*look.car, kind)]
    if look.source == GATE:
        _keep(work, known, look, kind, violation.id)
    return violation.id


def _changed(known: _Known, violation: Violation) -> None:
    known.changed[violation.id] = violation
    known.open[violation.compound, violation.plate, violation.kind] = violation


def _keep(work: Work, known: _Known, look: Look, kind: str, violation: UUID | None) -> None:
    known.kept.append(
        Sighting(
            id=new_id(),
            community=look.community,
            compound=look.compound,
            plate=look.plate,
            kind=kind,
            says=look.says,
            seen_at=look.seen_at,
            received_at=work.now,
            source=look.source,
            source_id=look.source_id,
            role=look.role,
            evidence=look.evidence,
            violation=violation,
            zone=look.zone,
        )
    )


async def _write(work: Work, known: _Known) -> None:
    if known.changed:
        await violations.put(work.connection, list(known.changed.values()))
    if known.begun:
        await violations.add_steps(work.connection, known.begun)
    if known.kept:
        await sightings.add(work.connection, known.kept)
