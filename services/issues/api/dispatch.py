"""Dispatch explained: where a case would go, and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from services.issues.api.dispatch_rules import RuleOut, TargetFields
from services.issues.api.fields import AssigneeFields
from services.issues.domain.categories import Priority
from services.issues.domain.deadline import Counted
from services.issues.domain.dispatch import Verdict
from services.issues.usecases.explain_dispatch import Explanation, explain_dispatch
from shared.contracts.fields import Code
from shared.http.call import Call, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/dispatch", "dispatch")


class ConsideredOut(BaseModel):
    """One rule, and what became of it."""

    rule: RuleOut
    verdict: Verdict


class LevelOut(BaseModel):
    """Who would hear of a delay, and when."""

    level: int
    at: datetime
    told: AssigneeFields


class ExplanationOut(BaseModel):
    """Where a case would go if it were reported now, and why; a screened one, once it is accepted."""

    category: str
    priority: Priority
    screened: bool = Field(description="Whether somebody looks at it first")
    assignee: AssigneeFields
    rule: str | None = Field(description="The rule that won; none is the fallback owner")
    holders: int | None = Field(description="How many hold the assignee's role there or around it")
    considered: list[ConsideredOut] = Field(description="All rules, the strongest first")
    fallback: TargetFields = Field(description="Who gets what no rule covers")
    reported_at: datetime
    counted: Counted
    due_at: datetime
    holidays_known: bool = Field(description="Whether the holidays of the deadline's year are known")
    levels: list[LevelOut] = Field(description="Who would hear of a delay")

    @classmethod
    def of(cls, found: Explanation) -> "ExplanationOut":
        """Show an explanation."""
        return cls(
            category=found.category.code,
            priority=found.category.priority,
            screened=found.category.screened,
            assignee=AssigneeFields.of(found.assignee),
            rule=found.rule,
            holders=found.holders,
            considered=[
                ConsideredOut(rule=RuleOut.of(each.rule), verdict=each.verdict) for each in found.considered
            ],
            fallback=TargetFields.of(found.fallback),
            reported_at=found.reported_at,
            counted=found.category.counted,
            due_at=found.due_at,
            holidays_known=found.holidays_known,
            levels=[
                LevelOut(level=step.number, at=step.due_at, told=AssigneeFields.of(told))
                for step, told in found.levels
            ],
        )


@routes.get("/explain", response_model=ExplanationOut)
@allow(Role.operator, Role.dispatcher)
async def explain(
    request: Request,
    category: Annotated[Code, Query()],
    place: Annotated[UUID | None, Query(description="None is the whole community")] = None,
) -> Response:
    """Say where a case would go if it were reported now, when it would be due, and why; nothing is stored."""
    call: Call = request.state.call
    routings = request.app.state.routings
    found = await call.read(lambda work: explain_dispatch(work, category, place, routings))
    return answered(ExplanationOut.of(found))
