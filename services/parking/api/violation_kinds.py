"""What must not be done in a compound, and what is tried when it is."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.parking.api.fields import In, Moment
from services.parking.domain.violation_kind import (
    LONGEST_MINUTES,
    MOST_STEPS,
    Action,
    Kind,
    Step,
    kinds_at,
)
from services.parking.store import compounds, violation_kinds
from services.parking.usecases.define_kind import define_kind
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/compounds", "violations")


class StepBody(In):
    """One step after the first notice."""

    action: Literal["tell-again", "ask-person", "street-office"]
    after_minutes: int = Field(
        ge=0, le=LONGEST_MINUTES, description="After the step before, and after the time a person had."
    )
    within_minutes: int = Field(
        0, ge=0, le=LONGEST_MINUTES, description="How long a person who is asked has; for others 0."
    )


class KindBody(In):
    """A kind; it never changes, a later version takes its place."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "fire-lane",
                "steps": [
                    {"action": "tell-again", "after_minutes": 5},
                    {"action": "ask-person", "after_minutes": 5, "within_minutes": 15},
                    {"action": "street-office", "after_minutes": 5},
                ],
            }
        }
    )

    kind: Code
    enabled: bool = Field(True, description="False: sightings of this kind open nothing here.")
    steps: list[StepBody] = Field(max_length=MOST_STEPS, description="What follows the first notice.")
    effective_from: Moment | None = Field(None, description="For violations that open then or later.")


class KindView(KindBody):
    """A kind in force."""

    version: int = Field(description="0 is what ships.")


class KindsView(BaseModel):
    """All kinds in force in a compound."""

    items: list[KindView]


@routes.get("/{compound_id}/violation-kinds", response_model=KindsView)
@allow(Role.property, Role.operator, Role.guard)
async def list_kinds(compound_id: UUID, call: Requested) -> Response:
    """List the kinds in force in a compound."""

    async def use_case(work: Work) -> dict[str, Kind]:
        if await compounds.find(work.connection, call.community, compound_id) is None:
            raise NotFound("no such compound")
        versions = await violation_kinds.versions_of(work.connection, [compound_id])
        return kinds_at(versions[compound_id], work.now)

    found = await call.read(use_case)
    return answered(KindsView(items=[_view(found[name]) for name in sorted(found)]))


@routes.post("/{compound_id}/violation-kinds", status_code=201, response_model=KindView)
@allow(Role.property, Role.operator)
async def define(compound_id: UUID, body: KindBody, call: Requested) -> Response:
    """Put a version of a kind into force; violations that are open keep the steps they have."""
    steps = tuple(Step(Action(step.action), step.after_minutes, step.within_minutes) for step in body.steps)
    asked = Kind(body.kind, 0, body.enabled, steps, body.effective_from)
    return await call.write(
        lambda work: define_kind(work, call.community, compound_id, asked), _view, status=201
    )


def _view(kind: Kind) -> KindView:
    return KindView.model_validate(
        {
            "kind": kind.name,
            "version": kind.version,
            "enabled": kind.enabled,
            "effective_from": kind.effective_from,
            "steps": [
                {
                    "action": step.action.value,
                    "after_minutes": step.after_minutes,
                    "within_minutes": step.within_minutes,
                }
                for step in kind.steps
            ],
        }
    )
