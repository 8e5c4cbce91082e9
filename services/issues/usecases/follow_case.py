"""Somebody wants to hear what becomes of a case, or no longer."""

from uuid import UUID

from services.issues.domain.case import Case, Seer, may_see
from services.issues.domain.following import MOST_FOLLOWERS, TooManyFollowers
from services.issues.domain.public_view import SHOWN_STATES
from services.issues.store.cases import case_by_id
from services.issues.store.followers import add_follower, count_followers, is_follower, remove_follower
from services.issues.store.public_views import public_view_of
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work


async def follow_case(work: Work, case_id: UUID, follower: Seer) -> Case:
    """Let somebody follow a case that they may see, or that everybody sees in the public view.

    Raises:
        NotFound: no such case for them to know of.
        TooManyFollowers: its facts may name no more.
    """
    found = await case_by_id(work.connection, tenant(work), case_id, lock=True)
    if found is None or not (may_see(found[0], follower) or await _is_public(work, found[0])):
        raise missing("case")
    if not await is_follower(work.connection, tenant(work), case_id, follower.person):
        if await count_followers(work.connection, tenant(work), case_id) >= MOST_FOLLOWERS:
            raise TooManyFollowers(f"a case has {MOST_FOLLOWERS} followers at most")
        await add_follower(work.connection, tenant(work), case_id, follower.person, work.now)
    return found[0]


async def unfollow_case(work: Work, case_id: UUID, follower: Seer) -> UUID:
    """Let somebody follow a case no longer, whether they may see it or not, and whether they did or not.

    Raises:
        NotFound: there is no such case here.
    """
    if await case_by_id(work.connection, tenant(work), case_id) is None:
        raise missing("case")
    await remove_follower(work.connection, tenant(work), case_id, follower.person)
    return case_id


async def _is_public(work: Work, case: Case) -> bool:
    view = await public_view_of(work.connection, case.community)
    return view.shows(case.category) and case.state in SHOWN_STATES
