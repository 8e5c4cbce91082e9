"""Who hears when cases are late, level by level: for the whole community or for one category."""

from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, Field

from services.issues.api.dispatch_rules import TargetFields
from services.issues.api.fields import In
from services.issues.domain.categories import LONGEST_DEADLINE
from services.issues.domain.deadline import Counted
from services.issues.domain.escalation import MOST_LEVELS, Ladder, Level
from services.issues.usecases.define_ladder import define_ladder, look_up_ladder, remove_ladder
from shared.contracts.fields import Code
from shared.http.call import Call, Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("", "dispatch")


class LevelFields(In):
    """Who hears so many minutes after the deadline, none being at once."""

    after_minutes: int = Field(ge=0, le=LONGEST_DEADLINE)
    counted: Counted = Field(Counted.round_the_clock, description="Which minutes count, as of deadlines")
    target: TargetFields

    @classmethod
    def of(cls, level: Level) -> "LevelFields":
        """Show a level."""
        return cls(
            after_minutes=level.after_minutes,
            counted=level.counted,
            target=TargetFields.of(level.target),
        )

    def level(self) -> Level:
        """Read a level.

        Raises:
            WrongRule, WrongLadder: it makes no sense.
        """
        return Level(self.after_minutes, self.target.target(), self.counted)


class EscalationIn(In):
    """The levels, first to last; none at all: nobody hears."""

    levels: Annotated[list[LevelFields], Field(max_length=MOST_LEVELS)]


class EscalationOut(BaseModel):
    """The levels as they stand; version 0 says that nobody has stored them here."""

    levels: list[LevelFields]
    version: int

    @classmethod
    def of(cls, ladder: Ladder) -> "EscalationOut":
        """Show the levels."""
        return cls(levels=[LevelFields.of(level) for level in ladder.levels], version=ladder.version)


@routes.get("/escalation", response_model=EscalationOut)
@allow(Role.operator, Role.dispatcher)
async def look_up(call: Requested) -> Response:
    """Read who hears of late cases whose category says nothing else."""
    ladder = await call.read(lambda work: look_up_ladder(work, None))
    return answered(EscalationOut.of(ladder), version=ladder.version)


@routes.put("/escalation", response_model=EscalationOut)
@allow(Role.operator)
async def define(body: EscalationIn, call: Requested) -> Response:
    """Say who hears of late cases whose category says nothing else; open cases go on by it at once."""
    return await _define(call, None, body)


@routes.get("/categories/{code}/escalation", response_model=EscalationOut)
@allow(Role.operator, Role.dispatcher)
async def look_up_of_category(call: Requested, code: Code) -> Response:
    """Read who hears of late cases of a category; version 0 if it has nothing of its own."""
    ladder = await call.read(lambda work: look_up_ladder(work, code))
    return answered(EscalationOut.of(ladder), version=ladder.version)


@routes.put("/categories/{code}/escalation", response_model=EscalationOut)
@allow(Role.operator)
async def define_of_category(body: EscalationIn, call: Requested, code: Code) -> Response:
    """Say who hears of late cases of a category; open cases go on by it at once."""
    return await _define(call, code, body)


@routes.delete("/categories/{code}/escalation", response_model=EscalationOut)
@allow(Role.operator)
async def remove_of_category(call: Requested, code: Code) -> Response:
    """Let a category go by what holds for the whole community again."""
    expected = call.require_version()
    return await call.write(lambda work: remove_ladder(work, code, expected), EscalationOut.of)


async def _define(call: Call, category: str | None, body: EscalationIn) -> Response:
    expected = call.require_version()
    ladder = Ladder(tuple(level.level() for level in body.levels))
    return await call.write(
        lambda work: define_ladder(work, category, ladder, expected),
        EscalationOut.of,
        etag=lambda stored: stored.version,
    )
