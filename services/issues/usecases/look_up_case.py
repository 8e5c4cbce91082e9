"""A case is read, with all that happened to it, by whoever may see it."""

from dataclasses import dataclass, replace
from uuid import UUID

from services.issues.domain.case import OVERSEE, Case, Seer, is_reporter, may_see, reads_notes
from services.issues.domain.clocks import Clocks, Step, clocks
from services.issues.domain.dispatch import Assignee
from services.issues.store.cases import Entry, Told, case_by_id, history_of
from services.issues.store.ratings import Rating, ratings_of
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work


@dataclass(frozen=True, slots=True)
class WholeCase:
    """A case and all that happened to it; `words_too` when the reader may know what the reporter wrote."""

    case: Case
    told: Told
    history: list[Entry]
    clocks: Clocks
    ratings: list[Rating]
    words_too: bool


async def look_up_case(work: Work, case_id: UUID, seer: Seer) -> WholeCase:
    """Read a case.

    Raises:
        NotFound: there is none, or none for this reader to know of.
    """
    case, told = await _seen(work, case_id, seer)
    history = _readable(case, seer, await history_of(work.connection, tenant(work), case_id))
    ratings = await ratings_of(work.connection, tenant(work), case_id)
    times = clocks(case, [_step(entry) for entry in history], work.now)
    words_too = is_reporter(case, seer) or bool(seer.roles & OVERSEE)
    return WholeCase(case, told, history, times, ratings, words_too)


async def look_up_history(work: Work, case_id: UUID, seer: Seer, after: int, limit: int) -> list[Entry]:
    """Read a page of a case's history, behind the version `after`.

    Raises:
        NotFound: there is no such case, or none for this reader to know of.
    """
    case, _ = await _seen(work, case_id, seer)
    return _readable(case, seer, await history_of(work.connection, tenant(work), case_id, after, limit))


async def _seen(work: Work, case_id: UUID, seer: Seer) -> tuple[Case, Told]:
    found = await case_by_id(work.connection, tenant(work), case_id)
    if found is None or not may_see(found[0], seer):
        raise missing("case")
    return found


def _readable(case: Case, seer: Seer, entries: list[Entry]) -> list[Entry]:
    return [
        entry if reads_notes(case, seer, entry.change) else replace(entry, note=None) for entry in entries
    ]


def _step(entry: Entry) -> Step:
    given = (entry.detail or {}).get("assignee")
    if given is None:
        return Step(entry.change, entry.at)
    place = None if given["place"] is None else UUID(given["place"])
    return Step(entry.change, entry.at, Assignee(given["person"], given["role"], place, given["volunteers"]))
