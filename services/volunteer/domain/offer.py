"""Offers: who is asked whether they would take a task; an invitation alone, the claim decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from uuid import UUID

from services.volunteer.domain.kind import KindRules

FRESH = timedelta(minutes=15)
"""How old a position may be for its volunteer to be looked for there; else their home place counts."""
RADII = (800, 1500, 3000, 5000)
"""In metres: the first circle that holds enough volunteers is the one out of which they are chosen."""
AT_HOME_METRES = 500
"""What the way counts for who lives or works in the task's compound and has said nothing of late."""
ANYWHERE_METRES = RADII[-1]
METRES_PER_MINUTE = 20
"""How much farther away somebody counts for each minute they have promised today."""
CHOICE = 4
"""Of how many one is asked."""
AHEAD = timedelta(hours=24)
"""How long before a task begins people are asked for it."""


class OfferState(StrEnum):
    """Where an offer stands; `superseded` are those of a task that others took, or that is over."""

    offered = "offered"
    accepted = "accepted"
    declined = "declined"
    expired = "expired"
    superseded = "superseded"


class OfferOverError(ValueError):
    """The offer is no longer open."""


_OVER = {
    OfferState.accepted: "you have taken it already",
    OfferState.declined: "you have declined it",
    OfferState.expired: "the time to answer is over; what is on the board can still be claimed",
    OfferState.superseded: "somebody else was faster, or it is not needed any more; thank you",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One invitation, open up to but without `expires_at` (business time); `metres` is the way, if known."""

    id: UUID
    community: UUID
    task: UUID
    volunteer: UUID
    person: str
    metres: int | None
    offered_at: datetime
    expires_at: datetime
    state: OfferState = OfferState.offered
    ended_at: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether an answer is still waited for."""
        return self.state is OfferState.offered and now < self.expires_at

    def must_be_open(self, now: datetime) -> None:
        """Raises OfferOverError unless an answer is still waited for."""
        if not self.open_at(now):
            was = OfferState.expired if self.state is OfferState.offered else self.state
            raise OfferOverError(_OVER[was])

    def ended(self, state: OfferState, now: datetime) -> "Offer":
        """The offer at its end."""
        return replace(self, state=state, ended_at=now)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be asked, with the minutes they have promised today.

    `way` is what the way counts for in metres, `metres` its length where it is known.
    """

    volunteer: UUID
    person: str
    way: float
    load_minutes: int = 0
    metres: float | None = None

    @property
    def cost(self) -> float:
        """What asking them costs them: the way, and what they do today already."""
        return self.way + METRES_PER_MINUTE * self.load_minutes


def fresh_since(now: datetime) -> datetime:
    """Positions from after then say where their volunteers are."""
    return now - FRESH


def first_asked(rules: KindRules, starts_at: datetime, now: datetime) -> datetime | None:
    """When people are first asked for a task that begins then; None when it is on the board alone."""
    return max(now, starts_at - AHEAD) if rules.ask else None


def to_ask(rules: KindRules, free_places: int, open_offers: int) -> int:
    """How many more are to be asked now."""
    return max(0, rules.ask * free_places - open_offers)


def enough(wanted: int) -> int:
    """How many a circle must hold for the choice among them to be one."""
    return CHOICE * wanted


def chosen(candidates: Iterable[Candidate], wanted: int) -> Sequence[Candidate]:
    """Those for whom it costs least, each person once; the id decides between equals."""
    best: dict[str, Candidate] = {}
    for one in sorted(candidates, key=lambda one: (one.cost, one.volunteer)):
        best.setdefault(one.person, one)
    return list(best.values())[:wanted]


def rings_needed(metres: float, shortest_edge: float, longest_edge: float) -> int:
    """How many rings of hexagons round a point's own hold every point within that distance.

    A hexagon n rings away has its middle at least 1.5 n edges away, and either point lies up to an edge from
    its middle. Edges, in metres, are those of the place: they differ by a third over the globe.
    """
    return max(0, ceil((metres + 2 * longest_edge) / (1.5 * shortest_edge)) - 1)


def band(metres: float | None) -> int | None:
    """The distance as who is asked may know it: within so many metres; None when it is not known."""
    return None if metres is None else next((each for each in RADII if metres <= each), None)
