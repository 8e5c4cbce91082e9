"""Somebody who is helped: the only place with their name and door."""

from dataclasses import dataclass
from uuid import UUID

from services.volunteer.domain.position import Point


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """One person helped; `person` and `family` are ids, `never_alone` asks for two volunteers each time."""

    id: UUID
    community: UUID
    surname: str
    honorific: str
    building: str
    door: str
    person: str | None = None
    family: tuple[str, ...] = ()
    care_note: str | None = None
    entry_hint: str | None = None
    never_alone: bool = False
    place: UUID | None = None
    point: Point | None = None
    version: int = 1

    @property
    def told(self) -> tuple[str, ...]:
        """Who hears of their tasks, and may ask and speak for them: the person and the family."""
        own = () if self.person is None else (self.person,)
        return tuple(dict.fromkeys((*own, *self.family)))
