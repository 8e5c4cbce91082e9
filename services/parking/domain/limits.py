"""How long a car may stay: the compound's rule at its entry, and what exempts it from that."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from uuid import UUID

from services.parking.domain.hours import (
    LONGEST_COUNTED,
    Hours,
    check_apart,
    check_counted,
    check_hours,
    run_out,
)
from services.parking.domain.plate import PlateKind, kind_of

LONGEST_FREE_MINUTES = 366 * 24 * 60


class WrongLimitError(ValueError):
    """A rule or a pass contradicts itself."""


@dataclass(frozen=True, slots=True)
class FreeTime:
    """Another free time, for stays that begin in these hours."""

    hours: Hours
    free_minutes: int | None


@dataclass(frozen=True, slots=True)
class QuietZone:
    """A zone in which nobody may park in these hours; without any never."""

    zone: str
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitRule:
    """One version of a compound's rule, in force for stays that begin at `effective_from` or later.

    `free_minutes` None sets no limit. The free time does not run in `uncounted` hours. A rule is never
    changed: a later version takes its place.
    """

    version: int
    effective_from: datetime
    free_minutes: int | None
    households_exempt: bool = True
    passes_exempt: bool = True
    exempt_kinds: frozenset[PlateKind] = frozenset()
    free_times: tuple[FreeTime, ...] = ()
    uncounted: tuple[Hours, ...] = ()
    quiet: tuple[QuietZone, ...] = ()


class Cover(NamedTuple):
    """A time in which a car may stay: as a household's vehicle or by a pass; `until` None is for good.

    `contact` is whom to tell of that car.
    """

    since: datetime
    until: datetime | None
    by_pass: bool
    contact: str | None = None
    vehicle: UUID | None = None


class Limit(NamedTuple):
    """What a stay is held to; no `due_at` when it may stay for as long as it likes."""

    due_at: datetime | None = None
    free_minutes: int | None = None
    contact: str | None = None


def check_rule(rule: LimitRule, zones: Collection[str]) -> None:
    """Refuse what no stay could be held to; `zones` are the compound's.

    Raises WrongLimitError, WrongHoursError.
    """
    for free in (rule.free_minutes, *(each.free_minutes for each in rule.free_times)):
        if free is not None and not 0 <= free <= LONGEST_FREE_MINUTES:
            raise WrongLimitError(f"free minutes are 0 to {LONGEST_FREE_MINUTES}, or none for no limit")
        if free is not None and rule.uncounted and timedelta(minutes=free) > LONGEST_COUNTED:
            raise WrongLimitError("where some hours are not counted, at most a week is free")
    named = [each.zone for each in rule.quiet]
    if len(set(named)) < len(named) or not set(named) <= set(zones):
        raise WrongLimitError("quiet zones are zones of the compound, each named once")
    apart = [[each.hours for each in rule.free_times], *(each.hours for each in rule.quiet)]
    for hours in (*rule.uncounted, *(hours for several in apart for hours in several)):
        check_hours(hours)
    for several in apart:
        check_apart(several)
    check_counted(rule.uncounted)


def check_period(since: datetime, until: datetime | None) -> None:
    """Refuse a pass that ends before it begins; raises WrongLimitError."""
    if until is not None and until <= since:
        raise WrongLimitError("a pass ends after it begins")


def rule_at(rules: Iterable[LimitRule], entered_at: datetime) -> LimitRule | None:
    """The rule a stay is held to: the latest in force when it began, of two with one date the newer."""
    found: LimitRule | None = None
    for rule in rules:
        if rule.effective_from <= entered_at and (
            found is None or (rule.effective_from, rule.version) > (found.effective_from, found.version)
        ):
            found = rule
    return found


def limit_of(
    entered_at: datetime,
    rules: Iterable[LimitRule],
    covers: Sequence[Cover],
    *,
    plate: str = "",
    zone: tzinfo = UTC,
) -> Limit:
    """Say until when a stay is free; `zone` is the community's.

    The free time runs from the entry, or from the end of the last cover that began before it was over.
    """
    rule = rule_at(rules, entered_at)
    free = None if rule is None else _free_minutes(rule, entered_at, zone)
    if rule is None or free is None or (rule.exempt_kinds and kind_of(plate) in rule.exempt_kinds):
        return Limit()
    length = timedelta(minutes=free)
    due_at = run_out(entered_at, length, rule.uncounted, zone)
    if not covers:
        return Limit(due_at, free)
    counted = [each for each in covers if (rule.passes_exempt if each.by_pass else rule.households_exempt)]
    for cover in sorted(counted, key=lambda each: each.since):
        if cover.since > due_at:
            break
        if cover.until is None:
            return Limit(None, free)
        if cover.until > entered_at:
            due_at = max(due_at, run_out(cover.until, length, rule.uncounted, zone))
    return Limit(due_at, free, _contact(covers, entered_at, due_at))


def may_park(rule: LimitRule | None, zone: str, local: datetime) -> bool:
    """Whether a car may stand in a zone at this time by the community's clock, as far as quiet zones go."""
    quiet = [each for each in rule.quiet if each.zone == zone] if rule is not None else []
    return not any(not each.hours or any(hours.hold(local) for hours in each.hours) for each in quiet)


def _free_minutes(rule: LimitRule, entered_at: datetime, zone: tzinfo) -> int | None:
    if rule.free_times:
        local = entered_at.astimezone(zone)
        for other in rule.free_times:
            if other.hours.hold(local):
                return other.free_minutes
    return rule.free_minutes


def _contact(covers: Sequence[Cover], entered_at: datetime, due_at: datetime) -> str | None:
    """Whom to tell: of the passes that covered some of this stay, the one that began last."""
    passes = [
        each
        for each in covers
        if each.by_pass
        and each.contact
        and each.since <= due_at
        and (each.until is None or each.until > entered_at)
    ]
    return max(passes, key=lambda each: each.since).contact if passes else None
