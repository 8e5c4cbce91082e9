"""Vehicles from CSV: every row is judged, and nothing is done unless all are good.

A row that says what is known already changes nothing, so that a file can be loaded again. Row numbers count
the header as row 1.
"""

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.parking.domain.plate import Plate, UnreadablePlateError, read_plate
from services.parking.domain.vehicle import (
    EndedHouseholdError,
    Had,
    Household,
    PlateTakenError,
    UnknownHouseholdError,
    may_have,
    may_register,
    next_index,
)

COLUMNS = ("household", "plate", "valid_from")
MOST_ROWS = 20_000
LONGEST_LINE = 4_096
_REFUSALS = (UnknownHouseholdError, EndedHouseholdError, PlateTakenError)


class BadFileError(ValueError):
    """The bytes are no such file at all."""


class BadRowError(ValueError):
    """One field of a row is wrong."""


@dataclass(frozen=True, slots=True)
class VehicleRow:
    """One row below the header; `valid_from` None means from now on."""

    number: int
    household: UUID
    plate: Plate
    valid_from: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A vehicle that a file asks for and nobody has yet."""

    household: UUID
    plate: Plate
    index: int
    valid_from: datetime


@dataclass(slots=True)
class Plan:
    """What a file would do: what is new, what is known, and what is wrong with it, by row number."""

    new: list[Wanted] = field(default_factory=list)
    unchanged: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


class VehicleFile:
    """Takes a file in blocks as they come; no more of it is kept than its rows."""

    def __init__(self) -> None:
        self.rows: list[VehicleRow] = []
        self.problems: list[tuple[int, str]] = []
        self._header: list[str] = []
        self._number = 0
        self._plates: dict[str, int] = {}
        self._rest = ""

    def feed(self, text: str) -> None:
        """Take the next block; raises BadFileError for a wrong header, too many rows or an endless one."""
        *whole, self._rest = (self._rest + text).split("\n")
        for line in (*whole, self._rest):
            if len(line) > LONGEST_LINE:
                raise BadFileError(f"a row is longer than {LONGEST_LINE} characters")
        for line in whole:
            self._take(line)

    def finish(self) -> None:
        """Say that this was all; raises BadFileError as `feed` does, and when not even a header came."""
        if self._rest:
            self._take(self._rest)
        if not self._header:
            raise BadFileError("no header")

    def _take(self, line: str) -> None:
        self._number += 1
        if self._number > MOST_ROWS + 1:
            raise BadFileError(f"the file has more than {MOST_ROWS} rows")
        fields = [text.strip() for text in next(csv.reader([line]), [])]
        if self._number == 1:
            self._header = _header(fields)
        elif any(fields):
            try:
                self.rows.append(self._row(fields))
            except (BadRowError, UnreadablePlateError) as error:
                self.problems.append((self._number, str(error)))

    def _row(self, fields: list[str]) -> VehicleRow:
        if len(fields) != len(self._header):
            raise BadRowError(f"{len(fields)} fields instead of {len(self._header)}")
        values = dict(zip(self._header, fields, strict=True))
        plate = read_plate(values["plate"][:64])
        first = self._plates.setdefault(plate.text, self._number)
        if first != self._number:
            raise BadRowError(f"the same plate as row {first}")
        return VehicleRow(
            self._number, _household(values["household"]), plate, _moment(values.get("valid_from", ""))
        )


def plan_vehicles(
    rows: Iterable[VehicleRow],
    households: Mapping[UUID, Household],
    had: Iterable[Had],
    indexes: Mapping[UUID, Collection[int]],
    now: datetime,
) -> Plan:
    """Plan vehicles in the order of their rows, by which each household's are numbered."""
    plan, known = Plan(), _by_plate(had)
    taken = {household: set(found) for household, found in indexes.items()}
    for row in rows:
        since, others = row.valid_from or now, known.get(row.plate.text, [])
        if any(other.household == row.household and other.until is None for other in others):
            plan.unchanged += 1
            continue
        try:
            household = may_register(households.get(row.household))
            may_have(row.plate.text, None, since, others)
        except _REFUSALS as error:
            plan.problems.append((row.number, str(error)))
            continue
        of_household = taken.setdefault(household.id, set())
        plan.new.append(Wanted(household.id, row.plate, next_index(of_household), since))
        of_household.add(plan.new[-1].index)
    return plan


def _by_plate(had: Iterable[Had]) -> dict[str, list[Had]]:
    found: dict[str, list[Had]] = {}
    for each in had:
        found.setdefault(each.plate, []).append(each)
    return found


def _header(fields: list[str]) -> list[str]:
    if set(fields) - set(COLUMNS) or len(set(fields)) < len(fields) or not set(COLUMNS[:2]) <= set(fields):
        raise BadFileError(f"the columns are {', '.join(COLUMNS)} (the last may be missing)")
    return fields


def _household(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadRowError("household is the register's id of one") from error


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRowError("valid_from is no time") from error
    if moment.tzinfo is None or not 2000 <= moment.year < 2200:
        raise BadRowError("valid_from has a zone and lies between 2000 and 2200")
    return moment
