"""Open cases as everybody may see them: nothing tells who reported them, or where exactly they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.issues.domain.public_view import DECIMALS, SHOWN_STATES, PublicView, blurred_range
from shared.database.work import Connection

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS84 degrees."""

# The page first, then what it is called. The states are written out, so that the planner knows that the
# partial index by due time holds them all. A unit is somebody's home: it is shown as its building.
_OPEN = f"state IN ({', '.join(repr(state.value) for state in SHOWN_STATES)})"
_CASES = f"""
    WITH page AS MATERIALIZED (
        SELECT id, category, state, priority, reported_at, due_at, latitude, longitude, place_id FROM cases
        WHERE community_id = $1 AND {_OPEN} AND category <> ALL($2::text[]) AND {{conditions}}
        ORDER BY due_at, id LIMIT {{limit}})
    SELECT page.id, category, name_zh, name_en, state, page.priority, reported_at, due_at,
           round(latitude::numeric, {DECIMALS})::float8 AS latitude,
           round(longitude::numeric, {DECIMALS})::float8 AS longitude, shown.id AS place,
           shown.name AS place_name
    FROM page
    LEFT JOIN categories ON categories.community_id = $1 AND categories.code = category
    LEFT JOIN places AS own ON own.community_id = $1 AND own.id = place_id
    LEFT JOIN places AS shown ON shown.community_id = $1 AND shown.id =
        CASE WHEN own.kind = 'unit' THEN own.path[cardinality(own.path) - 1] ELSE own.id END
    ORDER BY due_at, page.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PublicCase:
    """One open case; the position is blurred, and a place is never a home."""

    id: UUID
    category: str
    name_zh: str | None
    name_en: str | None
    state: str
    priority: str
    reported_at: datetime
    due_at: datetime | None
    latitude: float | None
    longitude: float | None
    place: UUID | None
    place_name: str | None


async def community_is_there(connection: Connection, community: UUID) -> bool:
    """Tell whether there is such a community, not closed."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM places WHERE community_id = $1 AND id = $1 AND closed_at IS NULL)
        """,
        community,
    )
    return found


async def public_cases(
    connection: Connection,
    view: PublicView,
    box: Box | None,
    after: tuple[datetime | None, UUID] | None,
    limit: int,
) -> list[PublicCase]:
    """List a page of open cases, what is due first coming first, and what is never due last.

    In two steps, since no single range of the index holds both the rest of the one and all of the other.
    """
    found: list[asyncpg.Record] = []
    if box is not None:
        # One plan for all boxes would read every case ever reported for a large one.
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    if after is None or after[0] is not None:
        due = "due_at IS NOT NULL" if after is None else "(due_at, id) > ({0}, {1})"
        found = await _page(connection, view, box, due, after or (), limit)
    if len(found) < limit:
        begun = after is not None and after[0] is None
        undue = "due_at IS NULL" + (" AND id > {1} AND {0}::timestamptz IS NULL" if begun else "")
        found += await _page(connection, view, box, undue, (after or ()) if begun else (), limit - len(found))
    return [PublicCase(**row) for row in found]


async def texts_of(connection: Connection, community: UUID, cases: Sequence[UUID]) -> dict[UUID, str]:
    """Read what was reported, in words; they never change."""
    rows = await connection.fetch(
        "SELECT id, description FROM cases WHERE community_id = $1 AND id = ANY($2::uuid[])", community, cases
    )
    return {row["id"]: row["description"] for row in rows}


async def public_photo(connection: Connection, community: UUID, photo: UUID) -> tuple[str, str] | None:
    """Find the state and category of the case of a photo that is marked for everybody."""
    row = await connection.fetchrow(
        """
        SELECT state, category FROM case_photos JOIN cases ON cases.id = case_id
        WHERE case_photos.community_id = $1 AND cases.community_id = $1 AND case_photos.id = $2
          AND public AND attached AND removed_at IS NULL
        """,
        community,
        photo,
    )
    return None if row is None else (row["state"], row["category"])


async def _page(
    connection: Connection,
    view: PublicView,
    box: Box | None,
    condition: str,
    given: Sequence[Any],
    limit: int,
) -> list[asyncpg.Record]:
    values: list[Any] = [view.community, sorted(view.hidden_categories)]
    conditions: list[str] = []

    def where(text: str, *more: Any) -> None:
        conditions.append(text.format(*(f"${len(values) + place}" for place in range(1, len(more) + 1))))
        values.extend(more)

    where(condition, *given)
    if box is not None:
        west, south, east, north = box
        where("latitude >= {0} AND latitude < {1}", *blurred_range(south, north))
        where("longitude >= {0} AND longitude < {1}", *blurred_range(west, east))
    values.append(limit)
    sql = _CASES.format(conditions=" AND ".join(conditions), limit=f"${len(values)}")
    return await connection.fetch(sql, *values)
