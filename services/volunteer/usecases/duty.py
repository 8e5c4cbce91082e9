"""Duty begins, is planned, and ends: by the volunteer's switch or by the clock."""

from datetime import datetime
from uuid import UUID

from services.volunteer.domain.duty import (
    Duty,
    DutyOverlapsError,
    DutyState,
    NotOnDutyError,
)
from services.volunteer.domain.volunteer import State
from services.volunteer.store import duties, volunteers
from shared.contracts.volunteer.duty import DutyEnded, DutyStarted
from shared.database.work import Work, Works
from shared.errors import NotFound

AT_ONCE = 200


async def begin_duty(
    work: Work,
    community: UUID,
    duty_id: UUID,
    volunteer_id: UUID,
    times: tuple[datetime | None, datetime],
    *,
    only_of: str | None,
) -> Duty:
    """Puts a volunteer on duty, now (no beginning given) or later.

    Raises NotFound, NotOnDutyError (not vetted), WrongDutyError, DutyOverlapsError.
    """
    # The volunteer's row is held, so that two stretches cannot be entered side by side.
    volunteer = await volunteers.find_to_change(work.connection, community, volunteer_id)
    if volunteer is None or (only_of is not None and volunteer.person != only_of):
        raise NotFound("no such volunteer")
    if volunteer.state is not State.active:
        raise NotOnDutyError(f"who is {volunteer.state.value} cannot be on duty")
    starts_at, ends_at = times
    duty = Duty(
        duty_id,
        community,
        volunteer_id,
        volunteer.person,
        volunteer.kind.value,
        starts_at or work.now,
        ends_at,
    ).checked(work.now)
    if await duties.overlaps(work.connection, duty):
        raise DutyOverlapsError("there is duty in that time already")
    await duties.add(work.connection, duty)
    return await _turned(work, duty.started()) if starts_at is None else duty


async def end_duty(
    work: Work, community: UUID, volunteer_id: UUID, duty_id: UUID, *, only_of: str | None
) -> Duty:
    """Ends a stretch of duty now, or cancels a planned one; raises NotFound, NotOnDutyError."""
    found = await duties.find_to_change(work.connection, community, duty_id)
    if found is None or found.volunteer != volunteer_id or (only_of and found.person != only_of):
        raise NotFound("no such duty")
    return await _turned(work, found.ended(work.now))


async def end_all_duty(work: Work, community: UUID, volunteer_id: UUID) -> None:
    """Ends and cancels everything of a volunteer who may no longer be asked."""
    for duty in await duties.live(work.connection, community, volunteer_id):
        held = await duties.find_to_change(work.connection, community, duty.id)
        if held is not None and held.state in {DutyState.planned, DutyState.on}:
            await _turned(work, held.ended(work.now))


async def turn_duties(works: Works) -> int:
    """Begins and ends what is due."""
    async with works.for_system("schedule") as work:
        due = await duties.to_turn(work.connection, work.now, AT_ONCE)
        for duty in due:
            planned = duty.state is DutyState.planned
            await _turned(work, duty.started() if planned else duty.ended(work.now))
    return len(due)


async def _turned(work: Work, duty: Duty) -> Duty:
    await duties.change(work.connection, duty)
    fact: DutyStarted | DutyEnded | None = None
    if duty.state is DutyState.on:
        fact = DutyStarted(
            duty=duty.id,
            volunteer=duty.volunteer,
            person=duty.person,
            kind=duty.kind,
            starts_at=duty.starts_at,
            ends_at=duty.ends_at,
        )
    elif duty.state is DutyState.over:
        fact = DutyEnded(
            duty=duty.id,
            volunteer=duty.volunteer,
            person=duty.person,
            kind=duty.kind,
            ended_at=duty.ends_at,
        )
    if fact is not None:
        work.emit(fact, sequence=duty.version, community=duty.community)
    return duty
