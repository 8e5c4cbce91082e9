"""Recurring tasks: asked for once, opened time by time ahead of each, excepted, ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from services.volunteer.domain.series import Series, WrongSeriesError, due, starts
from services.volunteer.domain.task import Outcome, TaskState, WrongTaskError
from services.volunteer.store import claims, series, tasks
from services.volunteer.store.series import Occurrence
from services.volunteer.usecases.end_task import complete
from services.volunteer.usecases.open_task import Ask, check_ask, open_task
from shared.database.work import Work, Works
from shared.errors import Invalid, NotFound
from shared.identifiers import new_id
from shared.telemetry.logs import log

AT_ONCE = 20
SHOWN = 20
"""So many of the times to come are shown."""
SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Recurring:
    """What somebody asks for again and again: the first time as any task, and the rule of the others."""

    ask: Ask
    first: datetime
    rule: str
    ahead: timedelta
    exceptions: Sequence[datetime] = ()
    window_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A series, what became of its times since now, and those still to come."""

    series: Series
    occurrences: Sequence[Occurrence]
    upcoming: Sequence[datetime]


def expand(rule: str, first: datetime) -> Iterable[datetime]:
    """Expand a rule from a first local time; raises WrongSeriesError."""
    try:
        return rrulestr(rule, dtstart=first)
    except ValueError as error:
        raise WrongSeriesError("the rule cannot be expanded") from error


async def start_series(work: Work, wish: Recurring, *, only_of: str | None) -> Shown:
    """Starts a series; the schedule opens its tasks.

    Raises NotFound, Forbidden, Invalid (no such kind), WrongTaskError, WrongSeriesError.
    """
    ask = wish.ask
    rules = await check_ask(work, ask, only_of=only_of)
    window = timedelta(minutes=wish.window_minutes or rules.window_minutes)
    if window < timedelta(minutes=ask.minutes or rules.minutes):
        raise WrongTaskError("there is not enough time for it in its window")
    if wish.first < work.now:
        raise WrongSeriesError("the first time lies in the past")
    local = wish.first.astimezone(ZoneInfo(rules.zone)).replace(tzinfo=None)
    made = Series(
        *(ask.task, ask.community, ask.kind, window, wish.rule, rules.zone, local),
        ahead=wish.ahead,
        asked_by=work.actor,
        made_at=work.now,
        beneficiary=ask.beneficiary,
        place=ask.place,
        point=ask.point,
        minutes=ask.minutes,
        weight_kg=ask.weight_kg,
        floor=ask.floor,
        lift=ask.lift,
        by_staff=only_of is None,
        next_at=wish.first,
    )
    if next(iter(starts(made, expand)), None) != wish.first:
        raise WrongSeriesError("the first time is none of the rule's")
    await series.add(work.connection, made)
    for each in wish.exceptions:
        await _except(work, made, each)
    return await _shown(work, made)


async def open_due_tasks(works: Works) -> int:
    """Opens the tasks whose time has come near, each series in a transaction of its own."""
    for done in range(AT_ONCE):
        async with works.for_system(SCHEDULE) as work:
            found = await series.to_open(work.connection, work.now)
            if found is None:
                return done
            near, following = due(found, expand, work.now)
            for start in near:
                await _open(work, found, start)
            await series.change(work.connection, replace(found, next_at=following))
    return AT_ONCE


async def except_time(
    work: Work, community: UUID, series_id: UUID, starts_at: datetime, *, only_of: str | None
) -> Shown:
    """Leaves one time out; a task that it has become already is not needed. Repeats change nothing.

    Raises NotFound, WrongSeriesError.
    """
    found = await _theirs(work, community, series_id, only_of)
    await _except(work, found, starts_at)
    return await _shown(work, found)


async def end_series(work: Work, community: UUID, series_id: UUID, *, only_of: str | None) -> Shown:
    """Ends a series; what has been opened of it and has not begun is not needed any more.

    Raises NotFound, WrongSeriesError.
    """
    ended = (await _theirs(work, community, series_id, only_of)).ended(work.now)
    await series.change(work.connection, ended)
    for each in await series.occurrences(work.connection, community, series_id, work.now):
        if each.task is not None:
            await _cancel(work, community, each.task)
    return await _shown(work, ended)


async def show_series(work: Work, community: UUID, series_id: UUID, *, only_of: str | None) -> Shown:
    """Shows a series; raises NotFound."""
    found = await series.find(work.connection, community, series_id)
    if found is None or only_of not in {None, found.asked_by}:
        raise NotFound("no such recurring task")
    return await _shown(work, found)


async def _theirs(work: Work, community: UUID, series_id: UUID, only_of: str | None) -> Series:
    found = await series.find(work.connection, community, series_id, lock=True)
    if found is None or only_of not in {None, found.asked_by}:
        raise NotFound("no such recurring task")
    return found


async def _open(work: Work, found: Series, start: datetime) -> None:
    ask = Ask(
        *(new_id(), found.community, found.kind, found.beneficiary, found.place, found.point),
        # What was slept through a little still has the rest of its window.
        starts_at=start,
        ends_at=start + found.window,
        minutes=found.minutes,
        weight_kg=found.weight_kg,
        floor=found.floor,
        lift=found.lift,
        asked_by=found.asked_by,
    )
    if not await series.take(work.connection, found, start, ask.task):
        return
    try:
        await open_task(work, ask, only_of=None if found.by_staff else found.asked_by)
    except (WrongTaskError, Invalid, NotFound) as error:
        # The kind has changed since, who asked is no longer family, or too little time is left: this one is
        # left out, the others go on.
        log.warning("a recurring task was left out", series=str(found.id), error=type(error).__name__)
        await series.mark_exception(work.connection, found, start, SCHEDULE, work.now, task=None)


async def _except(work: Work, found: Series, starts_at: datetime) -> None:
    if starts_at not in starts(found, expand):
        raise WrongSeriesError("an exception is one of the series' times")
    if await series.make_exception(work.connection, found, starts_at, work.actor, work.now):
        return
    known = await series.occurrences(work.connection, found.community, found.id, starts_at)
    task = next((each.task for each in known if each.starts_at == starts_at), None)
    await series.mark_exception(work.connection, found, starts_at, work.actor, work.now, task=task)
    if task is not None:
        await _cancel(work, found.community, task)


async def _cancel(work: Work, community: UUID, task_id: UUID) -> None:
    task = await tasks.find(work.connection, community, task_id, lock=True)
    if task is not None and task.state is TaskState.open:
        held = await claims.of_task(work.connection, community, task_id)
        await complete(work, task, Outcome.not_needed, held)


async def _shown(work: Work, found: Series) -> Shown:
    known = await series.occurrences(work.connection, found.community, found.id, work.now)
    settled = {each.starts_at for each in known}
    upcoming: list[datetime] = []
    if found.ended_at is None:
        for start in starts(found, expand):
            if start >= work.now and start not in settled:
                upcoming.append(start)
            if len(upcoming) == SHOWN:
                break
    return Shown(found, known, upcoming)
