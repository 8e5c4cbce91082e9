"""Who holds which role where, folded from the register's facts in any order and any repetition."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.fact import Fact
from shared.contracts.issues.register import (
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)

RESIDENT = "resident"


@dataclass(frozen=True, slots=True)
class _Place:
    parent: UUID | None
    community: UUID
    is_community: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """A role of some persons at a place: a grant, or a household's life in its unit."""

    persons: tuple[str, ...]
    role: str
    place: UUID
    community: UUID


class Register:
    """The projection; every upsert is guarded by the entity's sequence."""

    def __init__(self) -> None:
        self._sequences: dict[UUID, int] = {}
        self._places: dict[UUID, _Place] = {}
        self._held: dict[UUID, _Held] = {}
        self._by_person: defaultdict[str, set[UUID]] = defaultdict(set)

    def apply(self, event: Event[Any]) -> bool:
        """Takes one event; False when it is of another kind, or not newer than what is known."""
        change = _CHANGES.get(type(event.data))
        if change is None:
            return False
        entity = UUID(event.subject)
        if event.sequence <= self._sequences.get(entity, -1):
            return False
        self._sequences[entity] = event.sequence
        change(self, entity, event)
        return True

    def roles_of(self, person: str) -> dict[UUID, set[str]]:
        """The person's roles by community; a role in a closed place, or under one, counts no more."""
        roles: defaultdict[UUID, set[str]] = defaultdict(set)
        for held in (self._held[entity] for entity in self._by_person.get(person, ())):
            community = self._open_community(held)
            if community is not None:
                roles[community].add(held.role)
        return dict(roles)

    def communities(self) -> Iterator[UUID]:
        """Communities that are open."""
        return (at for at, place in self._places.items() if place.is_community and not place.closed)

    @property
    def persons(self) -> int:
        """How many persons hold something."""
        return sum(1 for held in self._by_person.values() if held)

    def _open_community(self, held: _Held) -> UUID | None:
        at: UUID | None = held.place
        while at is not None:
            place = self._places.get(at)
            if place is None:
                # Its parents are still on their way from another partition: the envelope names the community.
                return held.community
            if place.closed:
                return None
            if place.is_community:
                return at
            at = place.parent
        return held.community

    def _hold(self, entity: UUID, held: _Held | None) -> None:
        before = self._held.pop(entity, None)
        for person in before.persons if before else ():
            self._by_person[person].discard(entity)
        if held is not None:
            self._held[entity] = held
            for person in held.persons:
                self._by_person[person].add(entity)

    def _place_registered(self, entity: UUID, event: Event[PlaceRegistered]) -> None:
        data = event.data
        self._places[entity] = _Place(data.parent, event.community, data.kind == "community", closed=False)

    def _place_closed(self, entity: UUID, event: Event[PlaceClosed]) -> None:
        self._places[entity] = _Place(None, event.community, is_community=False, closed=True)

    def _household_registered(self, entity: UUID, event: Event[HouseholdRegistered]) -> None:
        self._hold(entity, _Held(event.data.persons, RESIDENT, event.data.unit, event.community))

    def _role_granted(self, entity: UUID, event: Event[RoleGranted]) -> None:
        data = event.data
        self._hold(entity, _Held((data.person,), data.role, data.place, event.community))

    def _ended(self, entity: UUID, _event: Event[Any]) -> None:
        self._hold(entity, None)


_Change = Callable[[Register, UUID, Event[Any]], None]
_CHANGES: dict[type[Fact], _Change] = {
    PlaceRegistered: Register._place_registered,  # noqa: SLF001 - the table of this very class
    PlaceClosed: Register._place_closed,  # noqa: SLF001
    HouseholdRegistered: Register._household_registered,  # noqa: SLF001
    HouseholdEnded: Register._ended,  # noqa: SLF001
    RoleGranted: Register._role_granted,  # noqa: SLF001
    RoleRevoked: Register._ended,  # noqa: SLF001
}
