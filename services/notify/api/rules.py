"""Rules: on which event who is told what."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator
from starlette.responses import Response

from services.notify.api import versions
from services.notify.api.versions import STRICT, WRITABLE, EventType, Name, Published, Slug, published
from services.notify.domain.audience import OnDuty, SelectorKind
from services.notify.domain.contacts import Channel
from services.notify.domain.preferences import InQuietHours
from services.notify.domain.rulebook import Entry, Kind
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/rules", "rules")

Word = Annotated[str, StringConstraints(max_length=128, pattern=WRITABLE)]
Number = Annotated[StrictInt, Field(ge=-(2**53), le=2**53)]
Value = Word | StrictBool | Number | None
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+){0,3}$", max_length=100)]


_TOLD_BY = ("category", "channels", "time_to_live_minutes", "template")
"""What only a rule with recipients needs."""


class ConditionBody(BaseModel):
    """A field of the event equals a value (null: is absent), or is one of several; of a list, a member is."""

    model_config = STRICT

    field: FieldName = Field(description="Dotted, such as assignee.role")
    equals: Value = None
    one_of: list[Value] = Field(default=[], max_length=200)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.one_of and self.equals is not None:
            raise ValueError("say either equals or one_of")
        if not self.one_of and "equals" not in self.model_fields_set:
            raise ValueError("say equals or one_of; null is a value too")
        return self


class RecipientBody(BaseModel):
    """Who is told: the person, assignee or household in a field, a role at its place, or who was told."""

    model_config = STRICT

    kind: SelectorKind
    field: FieldName
    role: Slug | None = Field(None, description="With the kind role: whoever holds it in the nearest place")
    rule: Slug | None = Field(
        None, description="With the kind told: whoever heard, by this rule, of the thing the event is about"
    )
    on_duty: OnDuty | None = Field(
        None, description="Of a role's holders those on duty: `prefer` all of them when nobody is, or `only`"
    )


class RuleBody(BaseModel):
    """What a rule says."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "event": "linli.issues.issue-assigned.v1",
                "conditions": [{"field": "priority", "equals": "urgent"}],
                "recipients": [{"kind": "assignee", "field": "assignee"}],
                "category": "case-work",
                "urgency": "urgent",
                "channels": ["push", "sms"],
                "time_to_live_minutes": 120,
                "template": "case-assigned",
            }
        },
    )

    event: EventType
    enabled: bool = True
    withdraws: list[Slug] = Field(
        default=[],
        max_length=30,
        description="Rules whose unsent messages, of earlier events of the same thing, are no longer true",
    )
    major: int = Field(1, ge=1, le=1000, description="Raised when people may be told again of the same event")
    conditions: list[ConditionBody] = Field(default=[], max_length=20)
    recipients: list[RecipientBody] = Field(
        default=[], max_length=10, description="Nobody, when the rule only withdraws"
    )
    not_to: list[RecipientBody] = Field(
        default=[], max_length=10, description="Who is spared although a recipient: they hear something else"
    )
    category: Slug | None = Field(None, description="What people set their preferences on")
    urgency: Literal["ordinary", "urgent", "emergency"] = "ordinary"
    urgent_when: list[ConditionBody] = Field(
        default=[], max_length=20, description="Conditions that make an ordinary message urgent"
    )
    in_quiet_hours: InQuietHours = Field(
        InQuietHours.WAIT,
        description="What would wait beyond its time is given up, or told at once with `wait-or-tell`",
    )
    channels: list[Channel] = Field(default=[], max_length=5, description="The first that a person has")
    time_to_live_minutes: int | None = Field(
        None, ge=1, le=60 * 24 * 30, description="After the event's time it is given up"
    )
    time_to_live_from: FieldName | None = Field(
        None,
        description="A time in the event, such as escalated_at, from which that counts instead",
    )
    not_after: FieldName | None = Field(
        None,
        description="A time in the event, such as expires_at; after it a message is given up too",
    )
    template: Slug | None = None

    @model_validator(mode="after")
    def _says_all_it_needs(self) -> Self:
        if not self.recipients and not self.withdraws:
            raise ValueError("a rule has recipients, or withdraws something, or both")
        missing = [name for name in _TOLD_BY if not getattr(self, name)]
        if self.recipients and missing:
            raise ValueError(f"to tell somebody, say also {', '.join(missing)}")
        return self


class RuleView(Published):
    """A version of a rule."""

    rule: RuleBody


class Rules(BaseModel):
    """Rules, by name or by version."""

    items: list[RuleView]


@routes.get("", response_model=Rules)
@allow(Role.operator)
async def list_in_force(call: Requested) -> Response:
    """List the rules in force, defaults among them."""
    return answered(Rules(items=[_view(entry) for entry in await versions.in_force(call, Kind.RULE)]))


@routes.get("/{name}", response_model=RuleView)
@allow(Role.operator)
async def show(name: Name, call: Requested) -> Response:
    """Read the version of a rule that is in force."""
    return await versions.show(call, Kind.RULE, name, _view)


@routes.get("/{name}/versions", response_model=Rules)
@allow(Role.operator)
async def list_versions(name: Name, call: Requested) -> Response:
    """List a rule's versions, the community's own first."""
    return answered(Rules(items=[_view(entry) for entry in await versions.versions(call, Kind.RULE, name)]))


@routes.put("/{name}", response_model=RuleView)
@allow(Role.operator)
async def publish(name: Name, body: RuleBody, call: Requested) -> Response:
    """Publish the community's own version of a rule, checked against its event and template."""
    return await versions.publish(call, Kind.RULE, name, body, _view)


def _view(entry: Entry) -> RuleView:
    return RuleView(**published(entry).model_dump(), rule=RuleBody.model_validate(entry.content))
