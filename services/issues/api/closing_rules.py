"""What a community wants of a closing: a check first or not, and how long a case can be reopened."""

from fastapi import Response
from pydantic import BaseModel, Field

from services.issues.api.fields import In
from services.issues.domain.closing import MOST_REOPEN_DAYS, ClosingRules
from services.issues.store.closing_rules import closing_rules
from services.issues.usecases.define_closing import define_closing
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/closing-rules", "dispatch")


class ClosingRulesIn(In):
    """What holds for every category that wants nothing else of its own."""

    check_needed: bool = Field(description="Whether a second person checks a case before it is closed")
    reopen_days: int = Field(
        ge=0, le=MOST_REOPEN_DAYS, description="For how many days a closed case can be reopened"
    )


class ClosingRulesOut(BaseModel):
    """The rules as they stand; version 0 are the defaults."""

    check_needed: bool
    reopen_days: int
    version: int

    @classmethod
    def of(cls, rules: ClosingRules) -> "ClosingRulesOut":
        """Show the rules."""
        return cls(check_needed=rules.check_needed, reopen_days=rules.reopen_days, version=rules.version)


@routes.get("", response_model=ClosingRulesOut)
@allow(Role.operator, Role.dispatcher)
async def look_up(call: Requested) -> Response:
    """Read what the community wants of a closing."""
    rules = await call.read(lambda work: closing_rules(work.connection, call.community))
    return answered(ClosingRulesOut.of(rules), version=rules.version)


@routes.put("", response_model=ClosingRulesOut)
@allow(Role.operator)
async def define(body: ClosingRulesIn, call: Requested) -> Response:
    """Say what the community wants of a closing; what is closed already keeps its period."""
    expected, rules = call.require_version(), ClosingRules(body.check_needed, body.reopen_days)
    return await call.write(
        lambda work: define_closing(work, rules, expected),
        ClosingRulesOut.of,
        etag=lambda stored: stored.version,
    )
