"""Dispatch rules: which role, person or group gets a case, and who gets what no rule covers."""

from typing import Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from services.issues.api.fields import In
from services.issues.domain.dispatch import Rule, Target
from services.issues.domain.places import Kind
from services.issues.store.routing import fallback_of, list_rules, rule_by_code
from services.issues.usecases.route_cases import define_fallback, define_rule, remove_rule
from services.issues.usecases.versions import missing
from shared.contracts.fields import Code, PersonId
from shared.database.work import Work
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("", "dispatch")


class TargetFields(In):
    """Exactly one of a person, a role or the volunteers; the latter two in a fixed place or at a level.

    A role at level `compound` is that role in the compound of the case, so one rule serves every compound.
    """

    person: PersonId | None = None
    role: Code | None = None
    volunteers: bool = False
    place: UUID | None = None
    level: Literal["community", "compound", "building", "unit"] | None = None

    @classmethod
    def of(cls, target: Target) -> "TargetFields":
        """Show a target."""
        return cls(
            person=target.person,
            role=target.role,
            volunteers=target.volunteers,
            place=target.place,
            level=None if target.level is None else target.level.value,
        )

    def target(self) -> Target:
        """Read a target.

        Raises:
            WrongRule: it makes no sense.
        """
        level = None if self.level is None else Kind(self.level)
        return Target(self.person, self.role, self.place, level, self.volunteers)


class RuleIn(In):
    """Cases of a category in a place's subtree go to a target; the lowest rank that matches wins.

    Of equal ranks a named category comes before any, the deeper place before the shallower, then the code.
    """

    category: Code | None = Field(None, description="None is any")
    place: UUID | None = Field(None, description="None is anywhere")
    rank: int = Field(ge=0, le=1_000_000)
    target: TargetFields


class RuleOut(RuleIn):
    """A rule as it stands."""

    code: str
    version: int

    @classmethod
    def of(cls, rule: Rule) -> "RuleOut":
        """Show a rule."""
        return cls(
            code=rule.code,
            category=rule.category,
            place=rule.place,
            rank=rule.rank,
            target=TargetFields.of(rule.target),
            version=rule.version,
        )


class FallbackOut(BaseModel):
    """Who gets what no rule covers."""

    target: TargetFields
    version: int

    @classmethod
    def of(cls, found: tuple[Target, int]) -> "FallbackOut":
        """Show the fallback owner."""
        return cls(target=TargetFields.of(found[0]), version=found[1])


@routes.put("/dispatch-rules/{code}", response_model=RuleOut)
@allow(Role.operator)
async def define(body: RuleIn, call: Requested, code: Code) -> Response:
    """Define a dispatch rule, or with `If-Match` redefine it; it holds for cases reported from then on."""
    expected = None if call.if_match is None else call.require_version()
    rule = Rule(code, body.category, body.place, -1, body.rank, body.target.target())
    return await call.write(
        lambda work: define_rule(work, rule, expected), RuleOut.of, etag=lambda stored: stored.version
    )


@routes.get("/dispatch-rules", response_model=Page[RuleOut])
@allow(Role.operator, Role.dispatcher)
async def listing(call: Requested, paging: Paged) -> Page[RuleOut]:
    """List the dispatch rules by code."""
    after = paging.after(str)

    async def use_case(work: Work) -> list[Rule]:
        return await list_rules(
            work.connection, call.community, after[0] if after else None, paging.limit + 1
        )

    return paging.page(await call.read(use_case), RuleOut.of, lambda rule: (rule.code,))


@routes.get("/dispatch-rules/{code}", response_model=RuleOut)
@allow(Role.operator, Role.dispatcher)
async def look_up(call: Requested, code: Code) -> Response:
    """Read one dispatch rule."""
    rule = await call.read(lambda work: rule_by_code(work.connection, call.community, code))
    if rule is None:
        raise missing("dispatch rule")
    return answered(RuleOut.of(rule), version=rule.version)


@routes.delete("/dispatch-rules/{code}", response_model=RuleOut)
@allow(Role.operator)
async def remove(call: Requested, code: Code) -> Response:
    """Remove a dispatch rule."""
    expected = call.require_version()
    return await call.write(lambda work: remove_rule(work, code, expected), RuleOut.of)


@routes.get("/dispatch-fallback", response_model=FallbackOut)
@allow(Role.operator, Role.dispatcher)
async def look_up_fallback(call: Requested) -> Response:
    """Read who gets what no rule covers."""
    found = await call.read(lambda work: fallback_of(work.connection, call.community))
    return answered(FallbackOut.of(found), version=found[1])


@routes.put("/dispatch-fallback", response_model=FallbackOut)
@allow(Role.operator)
async def put_fallback(body: TargetFields, call: Requested) -> Response:
    """Say who gets what no rule covers."""
    expected, target = call.require_version(), body.target()
    return await call.write(
        lambda work: define_fallback(work, target, expected), FallbackOut.of, etag=lambda stored: stored[1]
    )
