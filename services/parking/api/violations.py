"""Cars that must move: the case as everybody concerned follows it, each as far as their role needs."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import ConfigDict, Field
from starlette.responses import Response

from services.parking.api.fields import In
from services.parking.api.sightings import Evidence
from services.parking.api.violation_views import (
    StepView,
    ViolationSummary,
    ViolationView,
    looks_shown,
    steps_shown,
    summary_of,
)
from services.parking.domain.plate import normalised
from services.parking.domain.violation import Says
from services.parking.domain.violation_sight import Sight, sight_of
from services.parking.store import shown_violations
from services.parking.store.shown_violations import Wanted
from services.parking.store.violations import Violation
from services.parking.usecases.clear_violation import Word, clear_violation
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import Forbidden, NotFound
from shared.http.call import Call, Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/violations", "violations")

CLEARERS = (Role.operator, Role.property, Role.guard)


class ClearBody(In):
    """Somebody's word that it is over."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"outcome": "moved", "evidence": ["photo:91bb02aa"]}}
    )

    outcome: Literal["moved", "not-a-violation", "removed", "unresolved"]
    evidence: Evidence = Field(description="By what it can be checked: references to pictures or notes.")


@routes.get("", response_model=Page[ViolationSummary])
@members()
async def list_newest(
    call: Requested,
    paging: Paged,
    compound: UUID | None = None,
    kind: Code | None = None,
    standing: Annotated[bool | None, Query(description="Whether it is still open.")] = None,
    plate: Annotated[str | None, Query(max_length=32, description="For those in charge only.")] = None,
) -> Response:
    """List violations, the newest first: those in charge see all, others what concerns them."""
    sight = sight_of(call.roles, concerned=True) or Sight.own
    if plate is not None and sight is not Sight.full:
        raise Forbidden("only those in charge may look for a plate")
    after = paging.after(datetime, UUID)
    wanted = Wanted(
        person=call.actor.person if sight is Sight.own else None,
        compound=compound,
        kind=kind,
        plate=None if plate is None else normalised(plate),
        standing=standing,
    )

    async def use_case(work: Work) -> Page[ViolationSummary]:
        found = await shown_violations.list_newest(
            work.connection,
            call.community,
            wanted,
            before=(after[0], after[1]) if after else None,
            most=paging.limit + 1,
        )
        return paging.page(
            found,
            lambda violation: summary_of(violation, sight, work.now),
            lambda violation: (violation.opened_at, violation.id),
        )

    return answered(await call.read(use_case))


@routes.get("/{violation_id}", response_model=ViolationView)
@members()
async def read(violation_id: UUID, call: Requested) -> Response:
    """Read one violation with its steps, and with the looks at it as far as one may see them."""
    found, view = await call.read(lambda work: _shown(work, call, violation_id))
    return answered(view, version=found.version)


@routes.post("/{violation_id}/clear", response_model=ViolationSummary)
@allow(*CLEARERS)
async def clear(violation_id: UUID, body: ClearBody, call: Requested) -> Response:
    """End a violation by one's word, with evidence, unless it is one's own car; nothing more is tried."""
    role = next(role for role in CLEARERS if role in call.roles)
    word = Word(violation_id, Says(body.outcome), role.value, tuple(body.evidence))

    async def use_case(work: Work) -> ViolationSummary:
        changed = await clear_violation(work, call.community, word)
        return summary_of(changed, Sight.full, work.now)

    return await call.write(use_case, lambda shown: shown)


async def _shown(work: Work, call: Call, wanted: UUID) -> tuple[Violation, ViolationView]:
    connection, community = work.connection, call.community
    found = await shown_violations.find(connection, community, wanted)
    concerned, goes = await shown_violations.concerns(connection, community, call.actor.person, wanted)
    sight = sight_of(call.roles, concerned=concerned, goes=goes)
    if found is None or sight is None:
        raise NotFound("no such violation")
    steps: list[StepView] = steps_shown(
        found, await shown_violations.steps_of(connection, community, wanted), work.now
    )
    looks = None
    if sight is not Sight.own:
        looks = looks_shown(await shown_violations.looks_at(connection, community, wanted), sight)
    summary = summary_of(found, sight, work.now).model_dump()
    return found, ViolationView(**summary, steps=steps, looks=looks)
