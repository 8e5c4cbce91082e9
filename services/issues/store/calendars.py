"""By what communities reckon: working hours and holidays in the database."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.issues.domain.working_time import CommunityTime, Day, Holidays, Hours, Span
from shared.database.work import Connection


async def community_time(connection: Connection, community: UUID) -> CommunityTime:
    """Read by what a community reckons."""
    row = await connection.fetchrow(
        """
        SELECT zone, hours, holidays, days, calendars.version
        FROM places LEFT JOIN calendars ON calendars.community_id = places.community_id
        WHERE places.community_id = $1 AND places.id = $1
        """,
        community,
    )
    if row is None or row["hours"] is None:
        return CommunityTime.usual(row["zone"] if row else "Asia/Shanghai")
    hours = Hours(tuple(map(_spans, row["hours"]["week"])), _spans(row["hours"]["make_up"]))
    days = tuple((date.fromisoformat(day), Day(kind)) for day, kind in sorted(row["days"].items()))
    return CommunityTime(row["zone"], hours, Holidays(row["holidays"]), days, row["version"])


async def put_community_time(connection: Connection, community: UUID, time: CommunityTime) -> None:
    """Store working hours and holidays; the zone is the community's own."""
    await connection.execute(
        """
        INSERT INTO calendars (community_id, hours, holidays, days, version) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (community_id) DO UPDATE
        SET hours = excluded.hours, holidays = excluded.holidays, days = excluded.days,
            version = excluded.version
        """,
        community,
        {"week": time.hours.week, "make_up": time.hours.make_up},
        time.holidays,
        {day.isoformat(): kind for day, kind in time.days},
        time.version,
    )


def _spans(data: Sequence[Sequence[int]]) -> tuple[Span, ...]:
    return tuple((first, last) for first, last in data)
