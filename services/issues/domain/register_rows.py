"""Plans for loading the register from CSV: every row is judged, and nothing is done unless all are good.

Rows are matched by natural code, so a file can be loaded again: rows that say what is known already
change nothing. Row numbers count the header as row 1.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Generic, TypeVar
from uuid import UUID

from services.issues.domain.csv_blocks import BadCsv, column_numbers
from services.issues.domain.grants import Grant, UnknownRole, new_grant
from services.issues.domain.households import (
    Household,
    HouseholdEnded,
    NotAUnit,
    WrongPersons,
    change_household,
    new_household,
)
from services.issues.domain.places import (
    LEVELS,
    Kind,
    Place,
    PlaceClosed,
    WrongFloorArea,
    WrongParent,
    change_place,
    new_place,
)
from services.issues.domain.words import WrongWord

Entity = TypeVar("Entity", Place, Household, Grant)
PLACE_COLUMNS = ("kind", "code", "parent", "name", "floor_area_m2")
HOUSEHOLD_COLUMNS = ("code", "unit", "persons")
GRANT_COLUMNS = ("person", "role", "place")
_REFUSALS = (
    *(PlaceClosed, WrongFloorArea, WrongParent, HouseholdEnded, NotAUnit),
    *(WrongPersons, UnknownRole, WrongWord),
)


class BadRow(ValueError):
    """One field of a row is wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header; `values` by column name."""

    number: int
    values: Mapping[str, str]


@dataclass(slots=True)
class Plan(Generic[Entity]):
    """What a file would do: what is new, what changes, and what is wrong with it, by row number."""

    new: list[Entity] = field(default_factory=list)
    changed: list[Entity] = field(default_factory=list)
    unchanged: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)

    def put(self, before: Entity | None, after: Entity) -> None:
        """Sort one entity into its list."""
        if before is None:
            self.new.append(after)
        elif after is before:
            self.unchanged += 1
        else:
            self.changed.append(after)


def read_rows(
    table: Sequence[Sequence[str]], columns: Sequence[str]
) -> tuple[list[Row], list[tuple[int, str]]]:
    """Give the rows by column name, and what is wrong with their shape.

    Raises:
        BadCsv: the header is missing, lacks columns, or has unknown ones.
    """
    if not table:
        raise BadCsv("no header")
    header = [name.strip() for name in table[0]]
    numbers = column_numbers(header)
    if set(numbers) != set(columns):
        raise BadCsv(f"the columns are {', '.join(columns)}, not {', '.join(header)[:200]}")
    rows, problems = [], []
    for number, row in enumerate(table[1:], start=2):
        if len(row) != len(header):
            problems.append((number, f"{len(row)} fields instead of {len(header)}"))
        else:
            rows.append(Row(number, {name: row[at].strip() for name, at in numbers.items()}))
    return rows, problems


def plan_places(
    table: Sequence[Sequence[str]], known: Mapping[str, Place], community: Place, make_id: Callable[[], UUID]
) -> Plan[Place]:
    """Plan places; parents may stand anywhere in the same file, and an empty parent is the community.

    Raises:
        BadCsv: see `read_rows`.
    """
    rows, problems = read_rows(table, PLACE_COLUMNS)
    plan: Plan[Place] = Plan(problems=problems)
    places = {**known, "": community}
    for row in sorted(_once(rows, ("code",), plan), key=_level):
        try:
            before = known.get(row.values["code"])
            after = _place(row.values, before, places, make_id)
        except (BadRow, *_REFUSALS) as error:
            plan.problems.append((row.number, str(error)))
        else:
            places[after.code] = after
            plan.put(before, after)
    plan.problems.sort()
    return plan


def plan_households(
    table: Sequence[Sequence[str]],
    known: Mapping[str, Household],
    units: Mapping[str, Place],
    make_id: Callable[[], UUID],
) -> Plan[Household]:
    """Plan households; `persons` are person ids separated by semicolons.

    Raises:
        BadCsv: see `read_rows`.
    """
    rows, problems = read_rows(table, HOUSEHOLD_COLUMNS)
    plan: Plan[Household] = Plan(problems=problems)
    for row in _once(rows, ("code",), plan):
        try:
            unit = _known_place(units, row.values["unit"])
            persons = [part.strip() for part in row.values["persons"].split(";") if part.strip()]
            before = known.get(row.values["code"])
            if before is None:
                after = new_household(make_id(), unit, row.values["code"], persons)
            elif (unit.id, tuple(persons)) == (before.unit, before.persons):
                after = before  # also when it has ended: the file only says what it was
            else:
                after = change_household(before, unit, persons)
        except (BadRow, *_REFUSALS) as error:
            plan.problems.append((row.number, str(error)))
        else:
            plan.put(before, after)
    plan.problems.sort()
    return plan


def plan_grants(
    table: Sequence[Sequence[str]],
    known: Mapping[tuple[str, str, UUID], Grant],
    places: Mapping[str, Place],
    make_id: Callable[[], UUID],
    at: datetime,
) -> Plan[Grant]:
    """Plan grants; `known` are the open ones by person, role and place, and an empty place is the community.

    Raises:
        BadCsv: see `read_rows`.
    """
    rows, problems = read_rows(table, GRANT_COLUMNS)
    plan: Plan[Grant] = Plan(problems=problems)
    for row in _once(rows, GRANT_COLUMNS, plan):
        try:
            place = _known_place(places, row.values["place"])
            person, role = row.values["person"], row.values["role"]
            before = known.get((person, role, place.id))
            after = before or new_grant(make_id(), person, role, place, at)
        except (BadRow, *_REFUSALS) as error:
            plan.problems.append((row.number, str(error)))
        else:
            plan.put(before, after)
    plan.problems.sort()
    return plan


def _once(rows: Sequence[Row], columns: Sequence[str], plan: Plan[Entity]) -> Iterator[Row]:
    """Pass each key's first row on; the others are problems."""
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.values[column] for column in columns)
        if key in first:
            plan.problems.append((row.number, f"the same as row {first[key]}"))
        else:
            first[key] = row.number
            yield row


def _level(row: Row) -> int:
    kind = row.values["kind"]
    return LEVELS.index(Kind(kind)) if kind in Kind.__members__ else len(LEVELS)


def _place(
    values: Mapping[str, str], before: Place | None, places: Mapping[str, Place], make_id: Callable[[], UUID]
) -> Place:
    if values["kind"] not in {Kind.compound, Kind.building, Kind.unit}:
        raise BadRow(f"kind is compound, building or unit, not {values['kind'][:40]!r}")
    kind = Kind(values["kind"])
    parent = _known_place(places, values["parent"])
    # A unit is usually known by its number alone.
    name = values["name"] or (values["code"] if kind is Kind.unit else "")
    area = _floor_area(values["floor_area_m2"])
    if before is None:
        return new_place(make_id(), parent, kind, values["code"], name, area)
    if before.kind is not kind or before.parent != parent.id:
        raise WrongParent(f"{before.code} is a {before.kind} elsewhere; places neither move nor change kind")
    if (name, area) == (before.name, before.floor_area_cm2):
        return before  # also when it is closed: the file only says what it was
    return change_place(before, name, area)


def _known_place(places: Mapping[str, Place], code: str) -> Place:
    place = places.get(code)
    if place is None:
        raise BadRow(f"no place has the code {code[:64]!r}")
    return place


def _floor_area(text: str) -> int | None:
    """Read square metres with up to four decimals as square centimetres."""
    if not text:
        return None
    try:
        area = Decimal(text) * 10_000
        if area != area.to_integral_value() or abs(area) >= 10**12:
            raise BadRow(f"floor_area_m2 has up to four decimals, not {text[:40]!r}")
    except InvalidOperation as error:
        raise BadRow(f"floor_area_m2 is not a number: {text[:40]!r}") from error
    return int(area)
