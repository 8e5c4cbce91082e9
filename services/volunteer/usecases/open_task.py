"""A task is opened by people: for themselves, for their family, or as staff for anybody."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.volunteer.domain.beneficiary import Beneficiary
from services.volunteer.domain.kind import Confirmation, KindRules
from services.volunteer.domain.offer import first_asked
from services.volunteer.domain.position import Point
from services.volunteer.domain.task import Effort, Task, WrongTaskError
from services.volunteer.store import beneficiaries, places, tasks
from services.volunteer.usecases.kinds import rules_of
from services.volunteer.usecases.task_facts import tell_opened
from shared.database.work import Work
from shared.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks for; without times it is open from now for as long as its kind says.

    `asked_by` is who asked when that is not who opens it: the clock does, of what recurs.
    """

    task: UUID
    community: UUID
    kind: str
    beneficiary: UUID | None = None
    place: UUID | None = None
    point: Point | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    minutes: int | None = None
    weight_kg: int | None = None
    floor: int | None = None
    lift: bool | None = None
    asked_by: str | None = None


async def check_ask(work: Work, ask: Ask, *, only_of: str | None) -> KindRules:
    """Gives the rules of what is asked for; the person with `only_of` must be allowed to ask for it.

    Raises NotFound, Forbidden, Invalid (no such kind), WrongTaskError.
    """
    return (await _checked(work, ask, only_of))[0]


async def open_task(work: Work, ask: Ask, *, only_of: str | None) -> Task:
    """Opens a task; with `only_of` it must be for that person or somebody of their family.

    Raises NotFound, Forbidden, Invalid (no such kind), WrongTaskError.
    """
    rules, someone = await _checked(work, ask, only_of)
    first = someone is not None and not await beneficiaries.was_visited(
        work.connection, ask.community, someone.id
    )
    needed, two_persons = rules.places_for(
        first_visit=first, never_alone=someone is not None and someone.never_alone
    )
    starts_at = ask.starts_at or work.now
    ends_at = ask.ends_at or starts_at + timedelta(minutes=rules.window_minutes)
    task = Task(
        id=ask.task,
        community=ask.community,
        kind=ask.kind,
        rules=rules,
        effort=Effort(ask.minutes or rules.minutes, ask.weight_kg, ask.floor, ask.lift),
        starts_at=starts_at,
        ends_at=ends_at,
        places=needed,
        two_persons=two_persons,
        opened_at=work.now,
        look_at=ends_at,
        offer_at=first_asked(rules, starts_at, work.now),
        beneficiary=someone.id if someone else None,
        family=someone.told if someone else (),
        asked_by=ask.asked_by or work.actor,
        place=await _place(work, ask, someone),
        point=ask.point or (someone.point if someone else None),
        # A secret between the one who is helped and who is at the door; guesses are counted.
        code=f"{secrets.randbelow(10_000):04}" if rules.confirmation is Confirmation.code else None,
    ).checked(work.now)
    await tasks.add(work.connection, task)
    tell_opened(work, task, task.places)
    return task


async def _checked(work: Work, ask: Ask, only_of: str | None) -> tuple[KindRules, Beneficiary | None]:
    rules = await rules_of(work.connection, ask.community, ask.kind)
    someone = await _beneficiary(work, ask, only_of)
    if someone is None and rules.confirmation is Confirmation.code:
        raise WrongTaskError("such a task is for somebody, who confirms it")
    return rules, someone


async def _place(work: Work, ask: Ask, someone: Beneficiary | None) -> UUID | None:
    """Where everybody may know it to be: a task tells of its place, and of somebody's only the compound."""
    if someone is None:
        return ask.place
    place = ask.place or someone.place
    return None if place is None else await places.compound_of(work.connection, ask.community, place)


async def _beneficiary(work: Work, ask: Ask, only_of: str | None) -> Beneficiary | None:
    if ask.beneficiary is None:
        if only_of is not None:
            raise Forbidden("only stewards and operators ask for nobody in particular")
        return None
    found = await beneficiaries.find(work.connection, ask.community, ask.beneficiary)
    if found is None or (only_of is not None and only_of not in found.told):
        raise NotFound("no such beneficiary")
    return found
