"""Kinds of tasks: what ships, and a community's own versions."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field
from starlette.responses import Response

from services.volunteer.api.access import In
from services.volunteer.domain.kind import Confirmation, TwoPersons
from services.volunteer.domain.volunteer import Kind
from services.volunteer.store.kinds import StoredKind
from services.volunteer.usecases.kinds import kinds_of, publish_kind
from shared.contracts.fields import Code
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/task-kinds", "tasks")

Hour = Annotated[int, Field(ge=0, le=24)]
Minutes = Annotated[int, Field(ge=1, le=1440)]


class Rules(In):
    """What a kind of task asks for."""

    who: list[Kind] = Field(min_length=1, max_length=8, description="Who may take it")
    places: int = Field(1, ge=1, le=50)
    skills: list[Code] = Field([], max_length=8, description="All of these, not expired")
    two_persons: TwoPersons = TwoPersons.never
    hours: tuple[Hour, Hour] = Field((0, 24), description="Local hours of the day, half open")
    minutes: Minutes = Field(30, description="The usual effort")
    window_minutes: int = Field(240, ge=1, le=44640, description="How long it stays open without an end")
    confirmation: Confirmation = Confirmation.code
    categories: list[Code] = Field([], max_length=64, description="Cases and violations that become it")
    ask: int = Field(3, ge=0, le=50, description="How many are asked at a time for each free place")
    answer_seconds: int = Field(120, ge=10, le=86400, description="How long an answer is waited for")
    again_minutes: int = Field(60, ge=1, le=44640, description="When who did not answer is asked again")
    offers_an_hour: int = Field(4, ge=1, le=60, description="How often one person is asked at most")
    dispute_hours: int = Field(72, ge=1, le=2208, description="How long its end can be disputed")
    zone: Literal["Asia/Shanghai"] = "Asia/Shanghai"


class PublishKind(In):
    """A kind of task in a new version."""

    code: Code = Field(examples=["carry-home"])
    rules: Rules


class KindView(BaseModel):
    """A kind in force; version 0 is what ships."""

    code: str
    version: int
    rules: Rules

    @classmethod
    def of(cls, kind: StoredKind) -> Self:
        """Show a kind."""
        return cls(code=kind.code, version=kind.version, rules=Rules.model_validate(kind.rules))


class KindsView(BaseModel):
    """All kinds in force."""

    items: list[KindView]


@routes.get("", response_model=KindsView)
@members()
async def list_kinds(call: Requested) -> Response:
    """List the kinds of tasks there are."""
    found = await call.read(lambda work: kinds_of(work.connection, call.community))
    return answered(KindsView(items=[KindView.of(kind) for _, kind in sorted(found.items())]))


@routes.post("", status_code=201, response_model=KindView)
@allow(Role.operator)
async def publish(body: PublishKind, call: Requested) -> Response:
    """Publish a new version of a kind; open tasks keep the rules they were opened with."""
    rules = body.rules.model_dump(mode="json")
    return await call.write(
        lambda work: publish_kind(work, call.community, body.code, rules), KindView.of, status=201
    )
