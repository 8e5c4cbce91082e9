"""Lists of cases: whoever asks sees what concerns them, by what they ask for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import Any
from uuid import UUID

import asyncpg

from services.issues.domain.case import SEE_ALL, Seer, State
from services.issues.store.cases import COLUMNS
from services.issues.store.escalations import OPEN
from shared.database.work import Connection

Condition = tuple[str, tuple[Any, ...]]
Box = tuple[float, float, float, float]
Row = asyncpg.Record

# Whether somebody holds the assigned role where the case is assigned, or around it.
_HELD = """
    EXISTS (SELECT FROM places AS there JOIN grants ON grants.place_id = ANY(there.path)
            WHERE there.id = assignee_place AND grants.community_id = $1 AND grants.person = {0}
              AND grants.role = assignee_role AND grants.revoked_at IS NULL)
"""
_WITHIN = "place_id IN (SELECT id FROM places WHERE community_id = $1 AND path @> ARRAY[{0}::uuid])"
OWN_PLAN = "SET LOCAL plan_cache_mode = force_custom_plan"
# The grid of the column `cell`: about half a kilometre, numbered from the south-west, row by row.
_CELLS_A_DEGREE, _CELLS_A_ROW = 200, 72_000
MOST_CELLS = 100
_ORDER = "ORDER BY reported_at DESC, id DESC LIMIT"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases to list; `box` is west, south, east, north in WGS84 degrees, times are half open.

    `mine` are those that one has in person or by a role held there; `late` ones are open and past their
    deadline, and `due_within` are open ones whose deadline comes within that time. `number` finds a case by
    the end of its id, among what is not closed unless a state is named.
    """

    state: State | None = None
    category: str | None = None
    within: UUID | None = None
    role: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    box: Box | None = None
    mine: bool = False
    open: bool = False
    late: bool = False
    due_within: timedelta | None = None
    number: str | None = None


class _Statement:
    """Collects values; only what is asked for is in the text, so that each combination has its own plan."""

    def __init__(self, *values: Any) -> None:
        self.values = list(values)

    def put(self, condition: Condition) -> str:
        """Give a condition with the numbers of its values, which count from {0}."""
        text, given = condition
        numbers = [f"${len(self.values) + place}" for place in range(1, len(given) + 1)]
        self.values.extend(given)
        return text.format(*numbers)


def cells_of(box: Box) -> list[int] | None:
    """Give the cells that a box touches; None when they are too many to read one by one."""
    (west, south), (east, north) = _cell(box[0], box[1]), _cell(box[2], box[3])
    if (east - west + 1) * (north - south + 1) > MOST_CELLS:
        return None
    return [
        row * _CELLS_A_ROW + column for row in range(south, north + 1) for column in range(west, east + 1)
    ]


def band_of(box: Box) -> tuple[int, int]:
    """Give the numbers between which a box's cells lie, with those beside it."""
    (west, south), (east, north) = _cell(box[0], box[1]), _cell(box[2], box[3])
    return south * _CELLS_A_ROW + west, north * _CELLS_A_ROW + east


def _cell(longitude: float, latitude: float) -> tuple[int, int]:
    return floor((longitude + 180) * _CELLS_A_DEGREE), floor((latitude + 90) * _CELLS_A_DEGREE)


async def list_cases(
    connection: Connection,
    community: UUID,
    seer: Seer,
    filters: Filters,
    now: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """List a page of the cases somebody may see, the last reported first, as rows of `COLUMNS`."""
    if filters.box is not None and cells_of(filters.box) is None:
        # How many cases lie in a large box only its values tell: one plan for all reads far too much.
        await connection.execute(OWN_PLAN)
    text, values = list_statement(community, seer, filters, now, after, limit)
    return await connection.fetch(text, *values)


def list_statement(
    community: UUID,
    seer: Seer,
    filters: Filters,
    now: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> tuple[str, list[Any]]:
    """Make the statement of a page, and its values.

    What one may see in several ways is several short lists in the same order, each from its own index.
    """
    statement = _Statement(community, limit)
    common = ["community_id = $1", *map(statement.put, _asked(filters, community, now, after))]
    ways = [statement.put(way) for way in _ways(seer, mine=filters.mine)]
    cells = None if filters.box is None else cells_of(filters.box)
    if cells and not ways:
        common = ["community_id = $1", _newest_of_cells(common, statement.put(("{0}::bigint[]", (cells,))))]
    elif filters.box is not None:
        common.append(statement.put(("cell BETWEEN {0} AND {1}", band_of(filters.box))))
    if len(ways) > 1:
        lists = " UNION ALL ".join(
            f"(SELECT id FROM cases WHERE {' AND '.join([*common, way])} {_ORDER} $2)"  # noqa: S608
            for way in ways
        )
        common, ways = ["community_id = $1", f"id IN ({lists})"], []
    conditions = " AND ".join([*common, *ways])
    return f"SELECT {COLUMNS} FROM cases WHERE {conditions} {_ORDER} $2", statement.values  # noqa: S608


def _newest_of_cells(common: Sequence[str], cells: str) -> str:
    """Say that a case is of the newest in its cell, and of these the newest: no cell is read further."""
    return f"""
        id = ANY(ARRAY(
            SELECT newest.id FROM unnest({cells}) AS touched (number) CROSS JOIN LATERAL (
                SELECT id, reported_at FROM cases
                WHERE {" AND ".join(common)} AND cell = number {_ORDER} $2
            ) AS newest {_ORDER} $2))
    """  # noqa: S608


def _ways(seer: Seer, *, mine: bool) -> Iterator[Condition]:
    """Give the ways in which somebody sees or has cases; none: all are seen."""
    if mine or not seer.roles & SEE_ALL:
        yield "assignee_person = {0}", (seer.person,)
        for role in sorted(seer.roles):
            held = f"assignee_role = {{1}} AND {_HELD}" if mine else "assignee_role = {0}"
            yield held, (seer.person, role) if mine else (role,)
        if not mine:
            yield "reporter = {0}", (seer.person,)


def _asked(
    filters: Filters, community: UUID, now: datetime, after: tuple[datetime, UUID] | None
) -> Iterator[Condition]:
    for text, value in (
        ("category = {0}", filters.category),
        ("assignee_role = {0}", filters.role),
        ("assignee_person = {0}", filters.person),
        ("reported_at >= {0}", filters.since),
        ("reported_at < {0}", filters.until),
        (_WITHIN, filters.within),
        ("right(id::text, 6) = {0}", filters.number),
    ):
        # The community itself is no condition: it holds the cases without a place as well.
        if value not in (None, community):
            yield text, (value,)
    if filters.state is not None:
        # In the text, being one of a few: only then a plan for all values knows of what is not closed.
        yield f"state = '{filters.state}'", ()
    elif filters.number is not None:
        # Looked through, 100,000 in 45 ms: an index of its own would cost every report.
        yield "state <> 'closed'", ()
    if filters.open or filters.late or filters.due_within is not None:
        yield OPEN, ()
    if filters.late:
        yield "due_at < {0}", (now,)
    if filters.due_within is not None:
        yield "due_at >= {0} AND due_at < {1}", (now, now + filters.due_within)
    if filters.box is not None:
        yield "longitude BETWEEN {0} AND {2} AND latitude BETWEEN {1} AND {3}", filters.box
    if after is not None:
        yield "(reported_at, id) < ({0}::timestamptz, {1}::uuid)", after
