"""Compounds as parking sees them: how they are run, their rules, and how many cars are in."""

from dataclasses import replace
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.parking.api.board import OccupancyView, occupancy_view
from services.parking.api.fields import In, Moment
from services.parking.domain.limits import LONGEST_FREE_MINUTES, LimitRule
from services.parking.store import compounds, rules_and_passes
from services.parking.store.compounds import Compound
from services.parking.usecases.count_cars import count_cars
from services.parking.usecases.set_limits import define_rule
from shared.database.work import Work
from shared.errors import NotFound, StaleVersion
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/compounds", "compounds")


class CompoundBody(In):
    """How parking is run in a compound."""

    access: Literal["gated", "open"] = "gated"
    spaces: int | None = Field(None, ge=1, le=100_000, description="How many cars it holds.")
    lateness_seconds: int = Field(300, ge=0, le=86_400, description="How late a read may come.")
    silent_seconds: int = Field(
        600, ge=10, le=86_400, description="After how long without a word a lane is left out, provisionally."
    )


class CompoundView(CompoundBody):
    """A compound of the register with how parking is run there."""

    id: UUID
    name: str | None
    closed: bool


class RuleBody(In):
    """A rule; it never changes, a later one takes its place."""

    model_config = ConfigDict(json_schema_extra={"example": {"free_minutes": 120}})

    free_minutes: int | None = Field(
        None, ge=0, le=LONGEST_FREE_MINUTES, description="How long a car may stay; none sets no limit."
    )
    effective_from: Moment | None = Field(
        None, description="For stays that begin then or later; without it from now."
    )
    households_exempt: bool = Field(True, description="Vehicles of households may stay.")
    passes_exempt: bool = Field(True, description="Cars with a pass may stay while it holds.")


class RuleView(RuleBody):
    """A rule in force or to come."""

    version: int
    effective_from: Moment


class RulesView(BaseModel):
    """All rules a compound ever had, the first one first."""

    items: list[RuleView]


@routes.get("", response_model=Page[CompoundView])
@allow(Role.property, Role.operator, Role.guard)
async def list_all(call: Requested, paging: Paged) -> Response:
    """List the community's compounds."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: compounds.list_all(
            work.connection, call.community, after=after[0] if after else None, most=paging.limit + 1
        )
    )
    return answered(paging.page(found, _view, lambda compound: (compound.id,)))


@routes.get("/{compound_id}", response_model=CompoundView)
@allow(Role.property, Role.operator, Role.guard)
async def read(compound_id: UUID, call: Requested) -> Response:
    """Read one compound."""
    found = await call.read(lambda work: _found(work, call.community, compound_id))
    return answered(_view(found), version=found.version)


@routes.put("/{compound_id}", response_model=CompoundView)
@allow(Role.property, Role.operator)
async def change(compound_id: UUID, body: CompoundBody, call: Requested) -> Response:
    """Change how parking is run in a compound."""
    version = call.require_version()

    async def use_case(work: Work) -> Compound:
        current = await _found(work, call.community, compound_id)
        changed = await compounds.change(
            work.connection, replace(current, version=version, **body.model_dump())
        )
        if changed is None:
            raise StaleVersion("the compound has changed since it was read")
        return changed

    return await call.write(use_case, _view, etag=lambda compound: compound.version)


@routes.post("/{compound_id}/rules", status_code=201, response_model=RuleView)
@allow(Role.property, Role.operator)
async def define(compound_id: UUID, body: RuleBody, call: Requested) -> Response:
    """Put a rule into force; stays it concerns are held to it at once."""

    async def use_case(work: Work) -> LimitRule:
        given = body.model_dump() | {"effective_from": body.effective_from or work.now}
        return await define_rule(work, call.community, compound_id, LimitRule(version=0, **given))

    return await call.write(use_case, _rule_view, status=201)


@routes.get("/{compound_id}/rules", response_model=RulesView)
@allow(Role.property, Role.operator, Role.guard)
async def list_rules(compound_id: UUID, call: Requested) -> Response:
    """List a compound's rules."""

    async def use_case(work: Work) -> list[LimitRule]:
        await _found(work, call.community, compound_id)
        return await rules_and_passes.rules_of(work.connection, call.community, compound_id)

    found = await call.read(use_case)
    return answered(RulesView(items=[_rule_view(rule) for rule in found]))


@routes.get("/{compound_id}/occupancy", response_model=OccupancyView)
@allow(Role.property, Role.operator, Role.guard)
async def occupancy(compound_id: UUID, call: Requested) -> Response:
    """Count the cars that are in a compound."""
    found = await call.read(lambda work: count_cars(work, call.community, compound_id))
    if not found:
        raise NotFound("no such compound")
    return answered(occupancy_view(found[0]))


async def _found(work: Work, community: UUID, compound: UUID) -> Compound:
    found = await compounds.find(work.connection, community, compound)
    if found is None:
        raise NotFound("no such compound")
    return found


def _view(compound: Compound) -> CompoundView:
    return CompoundView.model_validate(
        {
            "id": compound.id,
            "name": compound.name,
            "closed": compound.closed,
            "access": compound.access,
            "spaces": compound.spaces,
            "lateness_seconds": compound.lateness_seconds,
            "silent_seconds": compound.silent_seconds,
        }
    )


def _rule_view(rule: LimitRule) -> RuleView:
    return RuleView(
        version=rule.version,
        effective_from=rule.effective_from,
        free_minutes=rule.free_minutes,
        households_exempt=rule.households_exempt,
        passes_exempt=rule.passes_exempt,
    )
