"""Volunteers: people enter themselves and leave; stewards and operators vet, suspend and resume them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.volunteer.api.access import STAFF, own
from services.volunteer.domain.volunteer import Kind, State, Step, Volunteer
from services.volunteer.store import volunteers
from services.volunteer.usecases.change_state import change_state
from services.volunteer.usecases.register_volunteer import Registration, register_volunteer
from shared.contracts.fields import PersonId
from shared.database.work import Work
from shared.errors import Forbidden, NotFound
from shared.http.call import Call, Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/volunteers", "volunteers")


class RegisterVolunteer(BaseModel):
    """A person who wants to help."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"kind": "rider", "consent": True, "consent_text": "2026-01"}},
    )

    kind: Kind
    consent: bool = Field(description="Whether they agree to be asked and to have their hours recorded.")
    consent_text: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$")] = Field(
        description="Which version of the text they were shown."
    )
    person: PersonId | None = Field(
        None, description="Somebody without an account, entered by steward or operator."
    )
    home_place: UUID | None = Field(
        None, description="A place of the register where they live or work, for when no position is known."
    )


class VolunteerView(BaseModel):
    """One entry; nothing here says who the person is."""

    id: UUID
    person: str
    kind: Kind
    state: State = Field(description="Only who is active is asked.")
    consent_text: str
    consented_at: AwareDatetime
    registered_at: AwareDatetime
    changed_at: AwareDatetime


@routes.post("", status_code=201, response_model=VolunteerView)
@members()
async def register(body: RegisterVolunteer, call: Requested) -> Response:
    """Sign up to help; publishes `volunteer-registered`."""
    person = body.person or call.actor.person
    if person != call.actor.person and STAFF.isdisjoint(call.roles):
        raise Forbidden("only stewards and operators enter somebody else")
    asked = Registration(
        *(new_id(), call.community, person, body.kind, body.consent, body.consent_text, body.home_place)
    )

    async def use_case(work: Work) -> Volunteer:
        return await register_volunteer(work, asked)

    return await call.write(
        use_case,
        _view,
        status=201,
        etag=lambda volunteer: volunteer.version,
        location=lambda volunteer: f"/volunteers/{volunteer.id}",
    )


@routes.get("/{volunteer_id}", response_model=VolunteerView)
@members()
async def read(volunteer_id: UUID, call: Requested) -> Response:
    """Read one's own entry, or as steward or operator anybody's."""
    found = await call.read(lambda work: volunteers.find(work.connection, call.community, volunteer_id))
    if found is None or own(call) not in {None, found.person}:
        raise NotFound("no such volunteer")
    return answered(_view(found), version=found.version)


@routes.get("", response_model=Page[VolunteerView])
@allow(Role.steward, Role.operator)
async def list_newest(
    call: Requested, paging: Paged, kind: Kind | None = None, state: State | None = None
) -> Response:
    """List volunteers, the newest first."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: volunteers.list_newest(
            work.connection,
            call.community,
            kind=kind,
            state=state,
            before=after[0] if after else None,
            most=paging.limit + 1,
        )
    )
    return answered(paging.page(found, _view, lambda volunteer: (volunteer.id,)))


@routes.post("/{volunteer_id}/vet", response_model=VolunteerView)
@allow(Role.steward, Role.operator)
async def vet(volunteer_id: UUID, call: Requested) -> Response:
    """Let an applicant be asked from now on."""
    return await _change(call, volunteer_id, Step.vet)


@routes.post("/{volunteer_id}/suspend", response_model=VolunteerView)
@allow(Role.steward, Role.operator)
async def suspend(volunteer_id: UUID, call: Requested) -> Response:
    """Let a volunteer not be asked for the time being."""
    return await _change(call, volunteer_id, Step.suspend)


@routes.post("/{volunteer_id}/resume", response_model=VolunteerView)
@allow(Role.steward, Role.operator)
async def resume(volunteer_id: UUID, call: Requested) -> Response:
    """Let a suspended volunteer be asked again."""
    return await _change(call, volunteer_id, Step.resume)


@routes.post("/{volunteer_id}/leave", response_model=VolunteerView)
@members()
async def leave(volunteer_id: UUID, call: Requested) -> Response:
    """Withdraw: one's own entry, or as steward or operator anybody's."""
    return await _change(call, volunteer_id, Step.leave, only_of=own(call))


async def _change(call: Call, volunteer_id: UUID, step: Step, only_of: str | None = None) -> Response:
    use_case: Callable[[Work], Awaitable[Volunteer]] = partial(
        change_state, community=call.community, volunteer_id=volunteer_id, step=step, only_of=only_of
    )
    return await call.write(use_case, _view, etag=lambda volunteer: volunteer.version)


def _view(volunteer: Volunteer) -> VolunteerView:
    return VolunteerView(
        id=volunteer.id,
        person=volunteer.person,
        kind=volunteer.kind,
        state=volunteer.state,
        consent_text=volunteer.consent.text,
        consented_at=volunteer.consent.given_at,
        registered_at=volunteer.registered_at,
        changed_at=volunteer.changed_at,
    )
