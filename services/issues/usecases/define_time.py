"""Working hours and holidays of a community are data."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from services.issues.domain.working_time import CommunityTime, Day, Holidays, Hours, must_suffice
from services.issues.store.calendars import community_time, put_community_time
from services.issues.store.routing import touch_routing
from services.issues.usecases.versions import tenant
from shared.database.work import Work
from shared.http.etag import matching


async def define_time(
    work: Work, hours: Hours, holidays: Holidays, days: Mapping[date, Day], expected: int
) -> CommunityTime:
    """Say when a community works; cases reported before keep the deadline they were given.

    Raises:
        WrongHours: there are too few in a week.
        StaleVersion: it has changed.
    """
    must_suffice(hours)
    await touch_routing(work.connection, tenant(work))
    before = await community_time(work.connection, tenant(work))
    matching(before.version, expected)
    own = tuple(sorted(days.items()))
    after = replace(before, hours=hours, holidays=holidays, days=own, version=before.version + 1)
    await put_community_time(work.connection, tenant(work), after)
    return after
