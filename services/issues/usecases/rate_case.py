"""The reporter says how content they are with a closing."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.life import rate
from services.issues.store.ratings import Rating, add_rating
from services.issues.usecases.case_facts import known_of, say
from services.issues.usecases.changing_case import held_case, record
from shared.contracts.issues.life import IssueRated
from shared.database.work import Work


async def rate_case(
    work: Work, case_id: UUID, by: Seer, stars: int, words: str | None, expected: int | None
) -> Case:
    """Rate a closing, once; the words stay here, for the reporter and who oversees all.

    Raises:
        NotFound, NotTheirs, RatedAlready, WrongState, StaleVersion: see there.
    """
    case = rate(await held_case(work, case_id, by, expected), by)
    await add_rating(work.connection, case, Rating(case.closings, stars, words, by.person, work.now))
    await record(work, case, Change.rated, detail={"closing": case.closings, "stars": stars})
    known = await known_of(work, case)
    say(work, case, IssueRated(closing=case.closings, stars=stars, rated_at=work.now, **known))
    return case
