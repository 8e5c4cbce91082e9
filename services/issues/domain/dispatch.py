"""Dispatch: which role, person or group gets a case, by rules that are data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from services.issues.domain.categories import Category
from services.issues.domain.places import LEVELS, Kind
from services.issues.domain.working_time import USUAL_TIME, CommunityTime

Path = tuple[UUID, ...]


class WrongAssignee(ValueError):
    """An assignee is exactly one of a role in a place, a person, or the volunteers."""


class WrongRule(ValueError):
    """A dispatch rule does not make sense."""


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who has a case: a role in a place, one person, or whichever volunteer of a place takes it."""

    person: str | None = None
    role: str | None = None
    place: UUID | None = None
    volunteers: bool = False

    def __post_init__(self) -> None:
        if sum((self.person is not None, self.role is not None, self.volunteers)) != 1:
            raise WrongAssignee("name exactly one of person, role, volunteers")
        if (self.person is not None) != (self.place is None):
            raise WrongAssignee("a role or volunteers have a place, a person has none")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rule sends cases; the place is fixed, or the case's own place at a level.

    With `level` compound, a case in a unit of compound A goes to that role in compound A, so one rule
    serves every compound. A case that names no place that deep goes to the deepest one it names.
    """

    person: str | None = None
    role: str | None = None
    place: UUID | None = None
    level: Kind | None = None
    volunteers: bool = False

    def __post_init__(self) -> None:
        if sum((self.person is not None, self.role is not None, self.volunteers)) != 1:
            raise WrongRule("name exactly one of person, role, volunteers")
        if self.person is not None and (self.place is not None or self.level is not None):
            raise WrongRule("a person has no place or level")
        if self.person is None and (self.place is None) == (self.level is None):
            raise WrongRule("a role or volunteers need either a fixed place or a level")

    def at(self, path: Path) -> Assignee:
        """Say who that is for a case at `path`, which starts with the community."""
        place = self.place
        if self.level is not None:
            place = path[min(LEVELS.index(self.level), len(path) - 1)]
        return Assignee(self.person, self.role, place, self.volunteers)


@dataclass(frozen=True, slots=True)
class Rule:
    """Cases of a category (None: any) in a place's subtree (None: anywhere) go to a target.

    The lowest `rank` wins; among equals a named category before any, the deeper place before the
    shallower, then the lower code. `depth` is the place's level, 0 for the community, -1 for anywhere.
    """

    code: str
    category: str | None
    place: UUID | None
    depth: int
    rank: int
    target: Target
    version: int = 1

    @property
    def order(self) -> tuple[int, bool, int, str]:
        """Sort rules by this: the first that matches wins."""
        return (self.rank, self.category is None, -self.depth, self.code)


class Verdict(StrEnum):
    """What became of a rule when a case was dispatched."""

    won = "won"
    outranked = "outranked"
    other_category = "other-category"
    other_place = "other-place"


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule, and what became of it."""

    rule: Rule
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Routing:
    """Everything needed to dispatch in one community, as of one version of its data."""

    version: int
    categories: Mapping[str, Category]
    fallback: Target
    rules: Iterable[Rule]
    time: CommunityTime = USUAL_TIME
    _by_category: dict[str, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.rules, key=lambda rule: rule.order)
        by_category = {
            code: tuple(rule for rule in ordered if rule.category in (None, code)) for code in self.categories
        }
        object.__setattr__(self, "_by_category", by_category)

    def considered(self, category: str, path: Path) -> list["Considered"]:
        """Say of every rule, the strongest first, why it does or does not take such a case."""
        found, won = [], False
        for rule in sorted(self.rules, key=lambda rule: rule.order):
            verdict = Verdict.outranked if won else Verdict.won
            if rule.category not in (None, category):
                verdict = Verdict.other_category
            elif rule.place is not None and rule.place not in path:
                verdict = Verdict.other_place
            won = won or verdict is Verdict.won
            found.append(Considered(rule, verdict))
        return found

    def choose(self, category: str, path: Path) -> tuple[Assignee, str | None]:
        """Say who gets a case of a known category at `path`, and by which rule (None: the fallback)."""
        for rule in self._by_category[category]:
            if rule.place is None or rule.place in path:
                return rule.target.at(path), rule.code
        return self.fallback.at(path), None
