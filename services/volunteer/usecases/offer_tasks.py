"""Volunteers are asked: the nearest who are free, then the next ones, while there is time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.volunteer.domain.offer import Candidate, Offer, OfferState, chosen, enough, to_ask
from services.volunteer.domain.task import Task, WrongTimeError
from services.volunteer.store import candidates, offers, places, tasks
from services.volunteer.store.candidates import Search
from services.volunteer.usecases.task_facts import tell_offered
from shared.database.work import Work, Works
from shared.identifiers import new_id

AT_ONCE = 50
LOOK_AGAIN = timedelta(seconds=60)
"""When nobody can be asked now: somebody may come on duty, come near, or be free."""
LOOKS = 240
"""What has days left is looked at less often: so many times in the time that is left."""


async def offer_tasks(works: Works) -> int:
    """Asks for each task that is due, in a transaction of its own: claimants wait for no other task."""
    for done in range(AT_ONCE):
        async with works.for_system("schedule") as work:
            task = await tasks.to_offer(work.connection, work.now)
            if task is None:
                return done
            await offer_task(work, task)
    return AT_ONCE


async def offer_task(work: Work, task: Task) -> Sequence[Offer]:
    """Ends what has expired of a held task, asks as many as its rules say, and gives the new offers."""
    still_open = await _expired(work, task)
    free = (await tasks.free_places(work.connection, task.community, [task.id])).get(task.id, 0)
    wanted = to_ask(task.rules, free, len(still_open))
    made: Sequence[Offer] = ()
    promise = _promise(task, work.now)
    if wanted and promise is not None:
        made = await _made(work, task, await find_candidates(work, task, promise, wanted), wanted)
    for offer in made:
        task = task.changed()
        tell_offered(work, task, offer)
    await tasks.change(work.connection, replace(task, offer_at=_next(task, work.now, free, still_open, made)))
    return made


async def find_candidates(
    work: Work, task: Task, promise: tuple[datetime, datetime], wanted: int
) -> list[Candidate]:
    """Who may be asked: those near and those of the compound; where no point is known, else all."""
    search = Search(
        *(task.community, task.id, work.now, task.rules.who, task.rules.skills, promise),
        midnight=task.rules.midnight(work.now),
        opened_at=task.opened_at,
        again=timedelta(minutes=task.rules.again_minutes),
        offers_an_hour=task.rules.offers_an_hour,
    )
    found: list[Candidate] = []
    if task.point is not None:
        found += await candidates.near(work.connection, search, task.point, enough(wanted))
    if task.place is not None:
        compound = await places.round_about(work.connection, task.community, task.place)
        seen = task.point is not None
        found += await candidates.at_home(work.connection, search, compound, unless_seen=seen)
    if task.point is None and len(found) < wanted:
        found += await candidates.anywhere(work.connection, search)
    return found


async def _expired(work: Work, task: Task) -> list[Offer]:
    asked = await offers.open_of_task(work.connection, task.community, task.id)
    over = [offer for offer in asked if not offer.open_at(work.now)]
    if over:
        await offers.end(work.connection, task.community, over, OfferState.expired, work.now)
    return [offer for offer in asked if offer not in over]


def _promise(task: Task, now: datetime) -> tuple[datetime, datetime] | None:
    try:
        return task.promised(None, now)
    except WrongTimeError:
        return None


async def _made(work: Work, task: Task, found: Sequence[Candidate], wanted: int) -> list[Offer]:
    expires_at = min(work.now + timedelta(seconds=task.rules.answer_seconds), task.ends_at)
    made = [
        Offer(
            *(new_id(), task.community, task.id, one.volunteer, one.person),
            metres=None if one.metres is None else round(one.metres),
            offered_at=work.now,
            expires_at=expires_at,
        )
        for one in chosen(found, wanted)
    ]
    stored = await offers.add(work.connection, made) if made else set()
    return [offer for offer in made if offer.id in stored]


def _next(
    task: Task, now: datetime, free: int, still_open: Sequence[Offer], made: Sequence[Offer]
) -> datetime | None:
    """When to look again: when an offer expires, and sooner where fewer could be asked than should be."""
    latest = task.ends_at - timedelta(minutes=task.effort.minutes)
    if not free or (now > latest and not still_open):
        return None
    due = [offer.expires_at for offer in (*still_open, *made)]
    if len(due) < task.rules.ask * free:
        due.append(now + max(LOOK_AGAIN, (task.ends_at - now) / LOOKS))
    return min(due)
