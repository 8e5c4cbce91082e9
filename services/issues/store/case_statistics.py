"""How old and how late cases are, by category."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.work import Connection

# Somebody has to do something about these yet; what is resolved or checked only waits to be closed.
_UNSETTLED = "state IN ('reported', 'accepted', 'assigned', 'in-progress', 'suspended')"

_STATISTICS = f"""
WITH judged AS MATERIALIZED (
    SELECT category, {_UNSETTLED} AS open, reported_at, due_at,
           CASE WHEN {_UNSETTLED} THEN $2 ELSE coalesce(resolved_at, closed_at) END AS until
    FROM cases
    WHERE community_id = $1 AND ($3::timestamptz IS NULL OR reported_at >= $3)
      AND ($4::timestamptz IS NULL OR reported_at < $4)
), timed AS (
    SELECT *, floor(extract(epoch FROM until - reported_at))::bigint AS age,
           floor(extract(epoch FROM until - due_at))::bigint AS beyond,
           coalesce(until >= reported_at, false) AS known
    FROM judged
)
SELECT category, count(*) AS cases, count(*) FILTER (WHERE open) AS open,
       count(*) FILTER (WHERE NOT known) AS unknown,
       count(*) FILTER (WHERE known AND open AND beyond > 0) AS open_late,
       count(*) FILTER (WHERE known AND NOT open AND beyond > 0) AS settled_late,
       coalesce(sum(age) FILTER (WHERE known AND open), 0)::bigint AS open_seconds,
       coalesce(sum(age) FILTER (WHERE known AND NOT open), 0)::bigint AS settled_seconds,
       coalesce(sum(beyond) FILTER (WHERE known AND beyond > 0), 0)::bigint AS late_seconds,
       max(age) FILTER (WHERE known AND open) AS oldest_open_seconds
FROM timed GROUP BY category ORDER BY category
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class CategoryStatistics:
    """Cases of one category; sums in whole seconds of each case, lateness beyond the deadline.

    `unknown` are those that ended nobody knows when, or before they were reported: they have neither.
    """

    category: str
    cases: int
    open: int
    unknown: int
    open_late: int
    settled_late: int
    open_seconds: int
    settled_seconds: int
    late_seconds: int
    oldest_open_seconds: int | None


async def case_statistics(
    connection: Connection, community: UUID, at: datetime, since: datetime | None, until: datetime | None
) -> list[CategoryStatistics]:
    """Sum up the cases reported in a time, half open; those that are open are as old as they are at `at`."""
    rows = await connection.fetch(_STATISTICS, community, at, since, until)
    return [CategoryStatistics(**row) for row in rows]
