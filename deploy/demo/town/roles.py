"""Who does what: staff by name of their post, and residents chosen for an office."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random
from typing import Final

from deploy.demo.town.layout import COMPOUNDS, HOME
from deploy.demo.town.people import Household

WHOLE_COMMUNITY: Final = ""
STANDING, ROTATING = 5, 2
VOLUNTEERS: Final = 24
STAFF: Final = {"operator": 3, "dispatcher": 1, "handler": 6, "street": 1, "rider": 12}
STAFF_OF_COMPOUND: Final = {"property": 2, "steward": 1, "guard": 2}


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the roles file: a person's role at a place, by the place's code."""

    person: str
    role: str
    place: str


def staff() -> list[Grant]:
    """Posts of the command room, the riders' station and each compound."""
    everywhere = [
        Grant(f"{role}-{number}", role, WHOLE_COMMUNITY)
        for role, count in STAFF.items()
        for number in range(1, count + 1)
    ]
    local = [
        Grant(f"{role}-{compound.code.lower()}-{number}", role, compound.code)
        for compound in COMPOUNDS
        for role, count in STAFF_OF_COMPOUND.items()
        for number in range(1, count + 1)
    ]
    return everywhere + local


def offices(households: Sequence[Household], random: Random) -> list[Grant]:
    """Representatives, councillors of the home compound, and volunteers, all of them adult residents."""
    representatives = list(_representatives(households, random))
    at_home = [grant.person for grant in representatives if grant.place.startswith(f"{HOME.code}-")]
    councillors = random.sample(at_home, STANDING + ROTATING)
    adults = [person for household in households for person in household.persons[: household.adults]]
    volunteers = random.sample(adults, VOLUNTEERS)
    return [
        *representatives,
        *(Grant(person, "councillor", HOME.code) for person in councillors),
        *(Grant(person, "volunteer", WHOLE_COMMUNITY) for person in volunteers),
    ]


def _representatives(households: Sequence[Household], random: Random) -> Iterator[Grant]:
    """One for each building, who lives in it."""
    for building, neighbours in groupby(households, key=lambda household: household.building):
        household = random.choice(list(neighbours))
        yield Grant(random.choice(household.persons[: household.adults]), "representative", building)
