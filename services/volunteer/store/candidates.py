"""Who may be asked for a task: active, of its kinds and skills, on duty, free, and not asked too often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.volunteer.domain.offer import (
    ANYWHERE_METRES,
    AT_HOME_METRES,
    RADII,
    Candidate,
    fresh_since,
)
from services.volunteer.domain.position import Point, box_round, metres_between
from services.volunteer.store.cells import cells_within
from shared.database.work import Connection

MOST = 500
# Each condition is one probe for each volunteer that those before it have left. OFFSET 0 keeps it so: within
# it stand the keys alone, so that no other index looks as good, even before the tables were ever analysed.
_MAY = """
WHERE known.community_id = $1 AND known.state = 'active' AND known.kind = ANY($3::text[])
  AND EXISTS (SELECT FROM (SELECT starts_at, ends_at FROM duties
                           WHERE volunteer_id = known.id AND state = 'on' OFFSET 0) AS duty
              WHERE duty.starts_at <= $2 AND duty.ends_at > $2 OFFSET 0)
  AND NOT EXISTS (SELECT FROM offers WHERE offers.community_id = $1 AND offers.person = known.person
                     AND offers.state = 'offered' OFFSET 0)
  AND NOT EXISTS (SELECT FROM claims WHERE claims.task_id = $5 AND claims.person = known.person
                     AND claims.state IN ('claimed', 'checked-in', 'reported', 'confirmed') OFFSET 0)
  AND ($4::text[] = '{}' OR NOT EXISTS (
      SELECT FROM unnest($4::text[]) AS needed (code) WHERE NOT EXISTS (
          SELECT FROM skills WHERE skills.volunteer_id = known.id AND skills.code = needed.code
             AND (skills.valid_until IS NULL OR skills.valid_until >= $7)) OFFSET 0))
"""
_PROMISED = """
CROSS JOIN LATERAL (
    SELECT coalesce(sum(extract(epoch FROM ends_at - starts_at) / 60)
                        FILTER (WHERE starts_at >= $8), 0)::integer AS minutes,
           coalesce(bool_or(state IN ('claimed', 'checked-in')
                        AND starts_at < $7 AND ends_at > $6), false) AS busy
    FROM claims
    WHERE claims.community_id = $1 AND claims.person = found.person
      AND claims.state IN ('claimed', 'checked-in', 'reported', 'confirmed')
      AND claims.starts_at >= least($8, $6::timestamptz - interval '1 day')
) AS promised
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE offered_at > $2::timestamptz - interval '1 hour') AS lately,
           coalesce(bool_or(task_id = $5 AND (state = 'declined' OR offered_at > $9)), false) AS asked
    FROM offers
    WHERE offers.community_id = $1 AND offers.person = found.person
      AND offers.offered_at >= least($10, $2 - interval '1 hour')
) AS offered
WHERE NOT promised.busy AND NOT offered.asked AND offered.lately < $11
"""
_NEAR = f"""
SELECT found.id, found.person, found.latitude, found.longitude, promised.minutes FROM (
    SELECT known.* FROM (
        SELECT volunteers.*, positions.latitude, positions.longitude
        FROM positions JOIN volunteers ON volunteers.id = positions.volunteer_id
        WHERE positions.community_id = $1 AND positions.cell = ANY($12::bigint[]) AND positions.on_call
          AND positions.latitude BETWEEN $14 AND $15 AND positions.longitude BETWEEN $16 AND $17
          AND positions.at > $13 OFFSET 0
    ) AS known {_MAY} OFFSET 0
) AS found {_PROMISED}
"""  # noqa: S608
_AT_HOME = f"""
SELECT found.id, found.person, promised.minutes FROM (
    SELECT known.* FROM (
        SELECT * FROM volunteers
        WHERE community_id = $1 AND home_place_id = ANY($12::uuid[]) AND state = 'active' OFFSET 0
    ) AS known {_MAY}
      AND ($13::timestamptz IS NULL OR NOT EXISTS (
          SELECT FROM positions WHERE volunteer_id = known.id AND positions.at > $13 OFFSET 0))
    OFFSET 0
) AS found {_PROMISED} LIMIT {MOST}
"""  # noqa: S608
# Whom one has asked least lately comes first: nothing is known of the way.
_ANYWHERE = f"""
SELECT found.id, found.person, promised.minutes FROM (
    SELECT known.* FROM volunteers AS known {_MAY}
    ORDER BY (SELECT max(offered_at) FROM offers
              WHERE offers.community_id = $1 AND offers.person = known.person) NULLS FIRST, known.id
    LIMIT {MOST}
) AS found {_PROMISED}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Search:
    """For which task somebody is sought now: what its rules ask, and the time that would be promised."""

    community: UUID
    task: UUID
    now: datetime
    who: Sequence[str]
    skills: Sequence[str]
    promise: tuple[datetime, datetime]
    midnight: datetime
    opened_at: datetime
    again: timedelta
    offers_an_hour: int


async def near(connection: Connection, search: Search, point: Point, wanted: int) -> list[Candidate]:
    """All within the smallest of the circles that holds as many as are wanted, by positions not too old."""
    found: list[Candidate] = []
    for metres in RADII:
        found = await within(connection, search, point, metres)
        if len(found) >= wanted:
            break
    return found


async def within(connection: Connection, search: Search, point: Point, metres: float) -> list[Candidate]:
    """All within a distance."""
    low, high = box_round(point, metres)
    rows = await connection.fetch(
        _NEAR,
        *_bound(search),
        cells_within(point, metres),
        fresh_since(search.now),
        *(low.latitude, high.latitude, low.longitude, high.longitude),
    )
    found = []
    for row in rows:
        way = metres_between(point, Point(row["latitude"], row["longitude"]))
        if way <= metres:
            found.append(Candidate(row["id"], row["person"], way, row["minutes"], way))
    return found


async def at_home(
    connection: Connection, search: Search, places: Sequence[UUID], *, unless_seen: bool
) -> list[Candidate]:
    """Those whose home place is one of these; `unless_seen` leaves out who is known to be elsewhere."""
    since = fresh_since(search.now) if unless_seen else None
    rows = await connection.fetch(_AT_HOME, *_bound(search), list(places), since)
    return [Candidate(row["id"], row["person"], AT_HOME_METRES, row["minutes"]) for row in rows]


async def anywhere(connection: Connection, search: Search) -> list[Candidate]:
    """Those on duty in the whole community, some hundreds at most."""
    rows = await connection.fetch(_ANYWHERE, *_bound(search))
    return [Candidate(row["id"], row["person"], ANYWHERE_METRES, row["minutes"]) for row in rows]


def _bound(search: Search) -> tuple[object, ...]:
    return (
        *(search.community, search.now, list(search.who), list(search.skills), search.task),
        *search.promise,
        *(search.midnight, search.now - search.again, search.opened_at, search.offers_an_hour),
    )
