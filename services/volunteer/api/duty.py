"""Duty, skills and positions of a volunteer."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.volunteer.api.access import In, Latitude, Longitude, Moment, own
from services.volunteer.domain.duty import Duty, DutyState
from services.volunteer.domain.position import Datum, Position, read_point
from services.volunteer.store import duties, positions, skills, volunteers
from services.volunteer.store.skills import Skill
from services.volunteer.usecases.duty import begin_duty, end_duty
from services.volunteer.usecases.skills import grant_skill, withdraw_skill
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.body import declared_body, read_body
from shared.http.call import Call, Requested, answered, call_of
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/volunteers/{volunteer_id}", "duty")
said = router("/positions", "duty")


class BeginDuty(In):
    """From when until when one may be called upon; without a beginning from now on."""

    starts_at: Moment | None = None
    ends_at: Moment


class DutyView(BaseModel):
    """One stretch of duty, up to but without its end."""

    id: UUID
    volunteer: UUID
    state: DutyState
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, duty: Duty) -> Self:
        """Show a stretch."""
        return cls(
            id=duty.id,
            volunteer=duty.volunteer,
            state=duty.state,
            starts_at=duty.starts_at,
            ends_at=duty.ends_at,
        )


class DutiesView(BaseModel):
    """What somebody has now and ahead."""

    items: list[DutyView]


class GrantSkill(In):
    """What a volunteer can do, or was checked for, and until when that counts."""

    code: Code = Field(examples=["first-aid"])
    valid_until: Moment | None = None


class SkillView(BaseModel):
    """One skill; `holds` says whether it counts now."""

    code: str
    valid_until: datetime | None
    granted_at: datetime
    granted_by: str
    holds: bool


class SkillsView(BaseModel):
    """All skills of a volunteer."""

    items: list[SkillView]


class PositionIn(In):
    """Where a device says it is; it must say by which system it reckons."""

    volunteer: UUID
    latitude: Latitude
    longitude: Longitude
    datum: Datum
    at: Moment | None = Field(None, description="When the device was there; none is now")


class PositionView(BaseModel):
    """Where somebody last was, in WGS84 degrees, and how long ago."""

    latitude: float
    longitude: float
    at: datetime
    age_seconds: int


@routes.post("/duty", status_code=201, response_model=DutyView)
@members()
async def begin(volunteer_id: UUID, body: BeginDuty, call: Requested) -> Response:
    """Go on duty, or plan to; publishes `duty-started` when it begins."""
    times = (body.starts_at, body.ends_at)
    return await call.write(
        lambda work: begin_duty(work, call.community, new_id(), volunteer_id, times, only_of=own(call)),
        DutyView.of,
        status=201,
    )


@routes.post("/duty/{duty_id}/end", response_model=DutyView)
@members()
async def end(volunteer_id: UUID, duty_id: UUID, call: Requested) -> Response:
    """Go off duty (publishes `duty-ended`), or cancel what was planned."""
    return await call.write(
        lambda work: end_duty(work, call.community, volunteer_id, duty_id, only_of=own(call)), DutyView.of
    )


@routes.get("/duty", response_model=DutiesView)
@members()
async def list_duty(volunteer_id: UUID, call: Requested) -> Response:
    """List duty now and ahead."""

    async def use_case(work: Work) -> list[Duty]:
        await _theirs(work, call, volunteer_id)
        return await duties.live(work.connection, call.community, volunteer_id)

    found = await call.read(use_case)
    return answered(DutiesView(items=[DutyView.of(duty) for duty in found]))


@routes.post("/skills", response_model=SkillView)
@allow(Role.steward, Role.operator)
async def grant(volunteer_id: UUID, body: GrantSkill, call: Requested, request: Request) -> Response:
    """Enter a skill, or its new expiry; never one's own."""

    async def use_case(work: Work) -> SkillView:
        skill = Skill(body.code, body.valid_until, work.now, call.actor.person)
        work.after_commit(request.app.state.ask)
        await grant_skill(work, call.community, volunteer_id, skill)
        return _skill(skill, work.now)

    return await call.write(use_case, lambda view: view)


@routes.post("/skills/{code}/withdraw", status_code=204)
@allow(Role.steward, Role.operator)
async def withdraw(volunteer_id: UUID, code: Code, call: Requested, request: Request) -> Response:
    """Take a skill away; what was promised and needs it is given back."""

    async def use_case(work: Work) -> None:
        work.after_commit(request.app.state.ask)
        await withdraw_skill(work, call.community, volunteer_id, code)

    return await call.write(use_case, lambda _: None, status=204)


@routes.get("/skills", response_model=SkillsView)
@members()
async def list_skills(volunteer_id: UUID, call: Requested) -> Response:
    """List a volunteer's skills, expired ones too."""

    async def use_case(work: Work) -> SkillsView:
        await _theirs(work, call, volunteer_id)
        found = await skills.of_volunteer(work.connection, call.community, volunteer_id)
        return SkillsView(items=[_skill(skill, work.now) for skill in found])

    return answered(await call.read(use_case))


@said.post("", status_code=204, openapi_extra=declared_body(PositionIn))
@members()
async def say_position(request: Request) -> Response:
    """Say where one is; only the newest is kept, for a day at most."""
    call = await call_of(request)
    body = await read_body(request, PositionIn)
    now = request.app.state.clock.now()
    # A device whose clock runs ahead would otherwise be believed for longer than it is true.
    position = Position(read_point(body.latitude, body.longitude, body.datum), min(body.at or now, now))
    await request.app.state.positions.submit((body.volunteer, call.community, call.actor.person, position))
    return Response(status_code=204)


@routes.get("/position", response_model=PositionView)
@members()
async def last_position(volunteer_id: UUID, call: Requested) -> Response:
    """Read where a volunteer last was: for themselves and for staff."""

    async def use_case(work: Work) -> PositionView:
        await _theirs(work, call, volunteer_id)
        found = await positions.last(work.connection, call.community, volunteer_id)
        if found is None:
            raise NotFound("no position is known")
        return PositionView(
            latitude=found.point.latitude,
            longitude=found.point.longitude,
            at=found.at,
            age_seconds=int(found.age(work.now).total_seconds()),
        )

    return answered(await call.read(use_case))


async def _theirs(work: Work, call: Call, volunteer_id: UUID) -> None:
    found = await volunteers.find(work.connection, call.community, volunteer_id)
    if found is None or own(call) not in {None, found.person}:
        raise NotFound("no such volunteer")


def _skill(skill: Skill, now: datetime) -> SkillView:
    return SkillView(
        code=skill.code,
        valid_until=skill.valid_until,
        granted_at=skill.granted_at,
        granted_by=skill.granted_by,
        holds=skill.holds(now),
    )
