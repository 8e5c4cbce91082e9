"""Templates: the words of messages, in every language and for every channel."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.notify.api import versions
from services.notify.api.versions import STRICT, WRITABLE, EventType, Name, Published, published
from services.notify.domain.rulebook import Entry, Kind
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/templates", "templates")

Text = Annotated[str, StringConstraints(min_length=1, max_length=600, pattern=WRITABLE)]


class Texts(BaseModel):
    """What each channel shows."""

    model_config = STRICT

    sms: Text = Field(description="Begins with the sender's signature in 【】")
    title: Text
    body: Text


class Languages(BaseModel):
    """The texts in every language that people may choose."""

    model_config = STRICT

    zh: Texts
    en: Texts


class TemplateBody(BaseModel):
    """The words for one type of event: Jinja without loops and calls."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "event": "linli.issues.issue-resolved.v1",
                "texts": {
                    "zh": {
                        "sms": "【邻里】{{ category | word('category') }}（{{ case | short }}）已处理。",
                        "title": "已处理",
                        "body": "编号{{ case | short }}",
                    },
                    "en": {
                        "sms": "【邻里】Done: {{ case | short }}.",
                        "title": "Done",
                        "body": "{{ case | short }}",
                    },
                },
            }
        },
    )

    event: EventType
    texts: Languages


class TemplateView(Published):
    """A version of a template."""

    template: TemplateBody


class Templates(BaseModel):
    """Templates, by name or by version."""

    items: list[TemplateView]


@routes.get("", response_model=Templates)
@allow(Role.operator)
async def list_in_force(call: Requested) -> Response:
    """List the templates in force, defaults among them."""
    entries = await versions.in_force(call, Kind.TEMPLATE)
    return answered(Templates(items=[_view(entry) for entry in entries]))


@routes.get("/{name}", response_model=TemplateView)
@allow(Role.operator)
async def show(name: Name, call: Requested) -> Response:
    """Read the version of a template that is in force."""
    return await versions.show(call, Kind.TEMPLATE, name, _view)


@routes.get("/{name}/versions", response_model=Templates)
@allow(Role.operator)
async def list_versions(name: Name, call: Requested) -> Response:
    """List a template's versions, the community's own first."""
    entries = await versions.versions(call, Kind.TEMPLATE, name)
    return answered(Templates(items=[_view(entry) for entry in entries]))


@routes.put("/{name}", response_model=TemplateView)
@allow(Role.operator)
async def publish(name: Name, body: TemplateBody, call: Requested) -> Response:
    """Publish the community's own version of a template, rendered for every example of its event first."""
    return await versions.publish(call, Kind.TEMPLATE, name, body, _view)


def _view(entry: Entry) -> TemplateView:
    return TemplateView(**published(entry).model_dump(), template=TemplateBody.model_validate(entry.content))
