"""Who hears of late cases, level by level, is data of a category or of the whole community."""

from dataclasses import replace

from services.issues.domain.deadline import must_end
from services.issues.domain.escalation import USUAL_LADDER, Ladder
from services.issues.store.escalations import look_again_by
from services.issues.store.ladders import DEFAULT, delete_ladder, ladders_of, put_ladder
from services.issues.store.routing import category_by_code, touch_routing
from services.issues.usecases.route_cases import check_target
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.http.etag import matching


async def define_ladder(work: Work, category: str | None, ladder: Ladder, expected: int) -> Ladder:
    """Store the ladder of a category (None: of all that have none); open cases go on by it at once.

    Raises:
        NotFound: no such category.
        WrongRule: a level names what does not exist or cannot be.
        TooManyMinutes: a level comes after years.
        StaleVersion: it has changed; version 0 is one that was never stored.
    """
    await touch_routing(work.connection, tenant(work))
    matching((await look_up_ladder(work, category)).version, expected)
    for level in ladder.levels:
        must_end(level.after_minutes, level.counted)
        await check_target(work, level.target)
    after = replace(ladder, version=expected + 1)
    await put_ladder(work.connection, tenant(work), category or DEFAULT, after)
    await look_again_by(work.connection, tenant(work), category)
    return after


async def look_up_ladder(work: Work, category: str | None) -> Ladder:
    """Read the ladder that holds for a category; version 0 says that it is not its own.

    Raises:
        NotFound: no such category.
    """
    found = await ladders_of(work.connection, tenant(work))
    if category is None:
        return found.get(DEFAULT, USUAL_LADDER)
    if await category_by_code(work.connection, tenant(work), category) is None:
        raise missing("category")
    return found.get(category) or replace(found.get(DEFAULT, USUAL_LADDER), version=0)


async def remove_ladder(work: Work, category: str, expected: int) -> Ladder:
    """Let a category go by the community's ladder again.

    Raises:
        NotFound: it has none of its own.
        StaleVersion: it has changed.
    """
    await touch_routing(work.connection, tenant(work))
    before = await look_up_ladder(work, category)
    if before.version == 0:
        raise missing("escalation of this category's own")
    matching(before.version, expected)
    await delete_ladder(work.connection, tenant(work), category)
    await look_again_by(work.connection, tenant(work), category)
    return before
