"""Whom a rule reaches: selectors over an event's data, resolved against what register and duty say."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from services.notify.domain.conditions import value_at


class SelectorKind(StrEnum):
    """What a selector reads from the event."""

    PERSON = "person"
    ASSIGNEE = "assignee"
    ROLE = "role"
    HOUSEHOLD = "household"
    TOLD = "told"


class OnDuty(StrEnum):
    """Which holders of a role are meant: those on duty if there are any, or those on duty and nobody else."""

    PREFER = "prefer"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Selector:
    """One way from an event to persons.

    `path` leads to the field: a person's id, an assignee (a person, or a role in a place), a household, for a
    role the place it must hold in, or for who was told the thing it was about. `role` is that role; without
    `on_duty` all its holders are meant. `rule` is the rule by which they were told.
    """

    kind: SelectorKind
    path: tuple[str, ...]
    role: str | None = None
    on_duty: OnDuty | None = None
    rule: str | None = None


class Wanted(NamedTuple):
    """What a selector asks for in one event: persons, a household, a role at a place, or who was told."""

    persons: tuple[str, ...] = ()
    household: UUID | None = None
    role: str | None = None
    place: UUID | None = None
    on_duty: OnDuty | None = None
    about: UUID | None = None
    rule: str | None = None


NOBODY = Wanted()


def wanted(selector: Selector, data: object) -> Wanted:
    """Read from an event's data what a selector asks for; `NOBODY` when the field is empty."""
    value = value_at(data, selector.path)
    kind = selector.kind
    if kind is SelectorKind.ROLE:
        # A fact that knows no place concerns the whole community.
        return Wanted(role=selector.role, place=value, on_duty=selector.on_duty)
    if value is None:
        return NOBODY
    if kind is SelectorKind.PERSON:
        return Wanted((value,) if isinstance(value, str) else tuple(value))
    if kind is SelectorKind.HOUSEHOLD:
        return Wanted(household=value)
    if kind is SelectorKind.TOLD:
        return Wanted(about=value, rule=selector.rule)
    return _assigned(value, value_at(data, ("place",)), selector.on_duty)


def _assigned(assignee: Any, where: UUID | None, on_duty: OnDuty | None) -> Wanted:
    if assignee.person is not None:
        return Wanted(persons=(assignee.person,))
    if assignee.role is not None:
        return Wanted(role=assignee.role, place=assignee.place or where, on_duty=on_duty)
    return NOBODY  # volunteers are asked by the volunteer service, which says whom it found


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the way up from where something happened."""

    id: UUID
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Audiences:
    """What the register, duty and the messages so far say about everything one chunk of events asks for.

    `paths` gives, per community and place, that place and the ones around it, nearest first; `holders` who
    holds a role in exactly one place; `households` their persons; `zones` each community's time zone;
    `on_duty` who of those holders is on duty; `told` who was told of a thing by a rule.
    """

    paths: Mapping[tuple[UUID, UUID], Sequence[Place]] = field(default_factory=dict)
    holders: Mapping[tuple[UUID, str, UUID], Sequence[str]] = field(default_factory=dict)
    households: Mapping[tuple[UUID, UUID], Sequence[str]] = field(default_factory=dict)
    zones: Mapping[UUID, str] = field(default_factory=dict)
    on_duty: Collection[tuple[UUID, str]] = frozenset()
    told: Mapping[tuple[UUID, UUID, str], Sequence[str]] = field(default_factory=dict)

    def persons(self, community: UUID, asked: Wanted) -> Sequence[str]:
        """Give who is meant, in a stable order; a role means its holders in the nearest place with any."""
        if asked.household is not None:
            return self.households.get((community, asked.household), ())
        if asked.about is not None:
            return self.told.get((community, asked.about, asked.rule or ""), ())
        if asked.role is None:
            return asked.persons
        if asked.on_duty is not None:
            for holders in self._holding(community, asked):
                if found := [person for person in holders if (community, person) in self.on_duty]:
                    return found
            if asked.on_duty is OnDuty.ONLY:
                return ()
        return next(self._holding(community, asked), ())

    def _holding(self, community: UUID, asked: Wanted) -> Iterator[Sequence[str]]:
        """Give who holds a role, by place, nearest first, without the places where nobody does."""
        for place in climb(community, self.paths.get((community, asked.place or community), ())):
            if found := self.holders.get((community, asked.role or "", place)):
                yield found

    def place_name(self, community: UUID, place: UUID | None) -> str:
        """Name a place as people do, from the outside in, without the community; "" when nothing is named."""
        path = self.paths.get((community, place), ()) if place else ()
        names: list[str] = []
        for step in path:
            # "合源小区12幢" says already that it lies in 合源小区.
            if step.name and step.id != community and not any(step.name in inner for inner in names):
                names.insert(0, step.name)
        return " ".join(names)


def climb(community: UUID, path: Sequence[Place]) -> Iterable[UUID]:
    """Give the places in which a role counts, nearest first; the community itself is always the last one.

    The register's children may be read before their parents: while the way up is not known, whoever holds the
    role for the whole community is told, rather than nobody.
    """
    for step in path:
        if step.id != community:
            yield step.id
    yield community
