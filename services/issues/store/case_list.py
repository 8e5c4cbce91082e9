"""Lists of cases: whoever asks sees what concerns them, by what they ask for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.issues.domain.case import SEE_ALL, Case, Seer, State
from services.issues.store.cases import COLUMNS, Told, case_of, told_of
from services.issues.store.escalations import OPEN
from shared.database.work import Connection

Condition = tuple[str, tuple[Any, ...]]

# Whether somebody holds the assigned role where the case is assigned, or around it.
_HELD = """
    EXISTS (SELECT FROM places AS there JOIN grants ON grants.place_id = ANY(there.path)
            WHERE there.id = assignee_place AND grants.community_id = $1 AND grants.person = {0}
              AND grants.role = assignee_role AND grants.revoked_at IS NULL)
"""
_WITHIN = "place_id IN (SELECT id FROM places WHERE community_id = $1 AND path @> ARRAY[{0}::uuid])"
_ORDER = "ORDER BY reported_at DESC, id DESC LIMIT"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases to list; `box` is west, south, east, north in WGS84 degrees, times are half open.

    `mine` are those that one has in person or by a role held there; `late` ones are open and past their
    deadline, and `due_within` are open ones whose deadline comes within that time.
    """

    state: State | None = None
    category: str | None = None
    within: UUID | None = None
    role: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    box: tuple[float, float, float, float] | None = None
    mine: bool = False
    open: bool = False
    late: bool = False
    due_within: timedelta | None = None


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


async def list_cases(
    connection: Connection,
    community: UUID,
    seer: Seer,
    filters: Filters,
    now: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[tuple[Case, Told]]:
    """List a page of the cases somebody may see, the last reported first."""
    text, values = list_statement(community, seer, filters, now, after, limit)
    return [(case_of(row), told_of(row)) for row in await connection.fetch(text, *values)]


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
    if len(ways) > 1:
        lists = " UNION ALL ".join(
            f"(SELECT id FROM cases WHERE {' AND '.join([*common, way])} {_ORDER} $2)"  # noqa: S608
            for way in ways
        )
        common, ways = ["community_id = $1", f"id IN ({lists})"], []
    conditions = " AND ".join([*common, *ways])
    return f"SELECT {COLUMNS} FROM cases WHERE {conditions} {_ORDER} $2", statement.values  # noqa: S608


def _ways(seer: Seer, *, mine: bool) -> Iterator[Condition]:
    """Give the ways in which somebody sees or has cases; none: all are seen."""
    if mine or not seer.roles & SEE_ALL:
        yield "assignee_person = {0}", (seer.person,)
        for role in sorted(seer.roles):
            held = f"assignee_role = {{1}} AND {_HELD}" if mine else "assignee_role = {0}"
            yield held, (seer.person, role) if mine else (role,)
        if "volunteer" in seer.roles:
            yield "assignee_volunteers", ()
        if not mine:
            yield "reporter = {0}", (seer.person,)


def _asked(
    filters: Filters, community: UUID, now: datetime, after: tuple[datetime, UUID] | None
) -> Iterator[Condition]:
    for text, value in (
        ("state = {0}", filters.state),
        ("category = {0}", filters.category),
        ("assignee_role = {0}", filters.role),
        ("assignee_person = {0}", filters.person),
        ("reported_at >= {0}", filters.since),
        ("reported_at < {0}", filters.until),
        (_WITHIN, filters.within),
    ):
        # The community itself is no condition: it holds the cases without a place as well.
        if value not in (None, community):
            yield text, (value,)
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
