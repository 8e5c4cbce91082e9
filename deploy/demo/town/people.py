"""Households, their persons and how those are reached; nobody here exists."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from deploy.demo.town.layout import COMPOUNDS, Compound

# Nothing but zeros where a real number has a block: these only ever ring at the simulator.
NUMBER_BLOCK: Final = "+861990000"
PERSONS: Final = ((1, 24), (2, 35), (3, 26), (4, 11), (5, 4))
ENGLISH_SPEAKING, WITH_PUSH = 0.03, 0.4


@dataclass(frozen=True, slots=True)
class Household:
    """One row of the households file; its adults are the first of its persons."""

    code: str
    unit: str
    building: str
    compound: str
    persons: tuple[str, ...]
    adults: int


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the contacts file."""

    person: str
    phone: str
    language: str
    push_token: str | None


def households(random: Random, seed: int) -> list[Household]:
    """One household behind every door that is lived behind."""
    return [
        _household(compound, building, unit, random, seed)
        for compound in COMPOUNDS
        for building in range(1, compound.buildings + 1)
        for unit, _ in compound.unit_codes(building)
        if unit not in compound.shared_doors
    ]


def _household(compound: Compound, building: int, unit: str, random: Random, seed: int) -> Household:
    sizes, weights = zip(*PERSONS, strict=True)
    size = random.choices(sizes, weights)[0]
    persons = tuple(_person(seed, unit, number) for number in range(size))
    adults = size if size < 3 else random.randint(2, size)
    return Household(unit, unit, compound.building_code(building), compound.code, persons, adults)


def _person(seed: int, unit: str, number: int) -> str:
    """An id from which nobody can read the door."""
    return "r-" + hashlib.sha256(f"{seed}/{unit}/{number}".encode()).hexdigest()[:12]


class Directory:
    """Hands out numbers of the block, each once."""

    def __init__(self, random: Random) -> None:
        self._random, self._numbers = random, count(1)

    def contacts(self, persons: Sequence[str]) -> list[Contact]:
        """One contact for each person, in order."""
        return [self._contact(person) for person in persons]

    def _contact(self, person: str) -> Contact:
        language = "en" if self._random.random() < ENGLISH_SPEAKING else "zh"
        token = f"demo-{person}" if self._random.random() < WITH_PUSH else None
        return Contact(person, f"{NUMBER_BLOCK}{next(self._numbers):04}", language, token)
