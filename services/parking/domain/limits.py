"""How long a car may stay: the compound's rule at its entry, and what exempts it from that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

LONGEST_FREE_MINUTES = 366 * 24 * 60


class WrongLimitError(ValueError):
    """A rule or a pass contradicts itself."""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """One version of a compound's rule, in force for stays that begin at `effective_from` or later.

    `free_minutes` None sets no limit. A rule is never changed: a later version takes its place.
    """

    version: int
    effective_from: datetime
    free_minutes: int | None
    households_exempt: bool = True
    passes_exempt: bool = True


@dataclass(frozen=True, slots=True)
class Cover:
    """A time in which a car may stay: as a household's vehicle or by a pass; `until` None is for good.

    `contact` is whom to tell of that car.
    """

    since: datetime
    until: datetime | None
    by_pass: bool
    contact: str | None = None
    vehicle: UUID | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """What a stay is held to; no `due_at` when it may stay for as long as it likes."""

    due_at: datetime | None = None
    free_minutes: int | None = None
    contact: str | None = None


def check_rule(free_minutes: int | None) -> None:
    """Refuse what no stay could be held to; raises WrongLimitError."""
    if free_minutes is not None and not 0 <= free_minutes <= LONGEST_FREE_MINUTES:
        raise WrongLimitError(f"free minutes are 0 to {LONGEST_FREE_MINUTES}, or none for no limit")


def check_period(since: datetime, until: datetime | None) -> None:
    """Refuse a pass that ends before it begins; raises WrongLimitError."""
    if until is not None and until <= since:
        raise WrongLimitError("a pass ends after it begins")


def rule_at(rules: Iterable[LimitRule], entered_at: datetime) -> LimitRule | None:
    """The rule a stay is held to: the latest in force when it began, of two with one date the newer."""
    begun = [rule for rule in rules if rule.effective_from <= entered_at]
    return max(begun, key=lambda rule: (rule.effective_from, rule.version), default=None)


def limit_of(entered_at: datetime, rules: Iterable[LimitRule], covers: Sequence[Cover]) -> Limit:
    """Say until when a stay is free.

    The free time runs from the entry, or from the end of the last cover that began before it was over.
    """
    rule = rule_at(rules, entered_at)
    if rule is None or rule.free_minutes is None:
        return Limit()
    counted = [each for each in covers if (rule.passes_exempt if each.by_pass else rule.households_exempt)]
    due_at: datetime | None = entered_at + timedelta(minutes=rule.free_minutes)
    for cover in sorted(counted, key=lambda each: each.since):
        if due_at is None or cover.since > due_at:
            break
        if cover.until is None:
            due_at = None
        elif cover.until > entered_at:
            due_at = max(due_at, cover.until + timedelta(minutes=rule.free_minutes))
    return Limit(due_at, rule.free_minutes, _contact(covers, due_at))


def _contact(covers: Sequence[Cover], due_at: datetime | None) -> str | None:
    """Whom to tell: of the pass that began last before the time was over."""
    if due_at is None:
        return None
    passes = [each for each in covers if each.by_pass and each.contact and each.since <= due_at]
    return max(passes, key=lambda each: each.since).contact if passes else None
