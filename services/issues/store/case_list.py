"""Lists of cases: whoever asks sees what concerns them, by what they ask for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.issues.domain.case import SEE_ALL, Case, Seer, State
from services.issues.store.cases import COLUMNS, Told, case_of, told_of
from shared.database.work import Connection


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases to list; `box` is west, south, east, north in WGS84 degrees, times are half open."""

    state: State | None = None
    category: str | None = None
    within: UUID | None = None
    role: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    box: tuple[float, float, float, float] | None = None


async def list_cases(
    connection: Connection,
    community: UUID,
    seer: Seer,
    filters: Filters,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[tuple[Case, Told]]:
    """List a page of the cases somebody may see, the last reported first.

    Only the conditions that are asked for are in the statement, so that each has a plan of its own.
    """
    values: list[Any] = [community]
    conditions = ["community_id = $1"]

    def where(condition: str, *given: Any) -> None:
        numbers = [f"${len(values) + place}" for place in range(1, len(given) + 1)]
        values.extend(given)
        conditions.append(condition.format(*numbers))

    if not seer.roles & SEE_ALL:
        where(
            "(reporter = {0} OR assignee_person = {0} OR assignee_role = ANY({1}::text[])"
            " OR assignee_volunteers AND 'volunteer' = ANY({1}::text[]))",
            seer.person,
            sorted(seer.roles),
        )
    for condition, value in (
        ("state = {0}", filters.state),
        ("category = {0}", filters.category),
        ("assignee_role = {0}", filters.role),
        ("assignee_person = {0}", filters.person),
        ("reported_at >= {0}", filters.since),
        ("reported_at < {0}", filters.until),
        (
            "place_id IN (SELECT id FROM places WHERE community_id = $1 AND path @> ARRAY[{0}::uuid])",
            filters.within,
        ),
    ):
        # The community itself is no condition: it holds the cases without a place as well.
        if value not in (None, community):
            where(condition, value)
    if filters.box is not None:
        where("longitude BETWEEN {0} AND {2} AND latitude BETWEEN {1} AND {3}", *filters.box)
    if after is not None:
        where("(reported_at, id) < ({0}::timestamptz, {1}::uuid)", *after)
    values.append(limit)
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM cases WHERE {' AND '.join(conditions)} "  # noqa: S608
        f"ORDER BY reported_at DESC, id DESC LIMIT ${len(values)}",
        *values,
    )
    return [(case_of(row), told_of(row)) for row in rows]
