"""Vocabularies: what codes are called. Events carry codes; people read names."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints
from starlette.responses import Response

from services.notify.api import versions
from services.notify.api.versions import STRICT, WRITABLE, Name, Published, Slug, published
from services.notify.domain.rulebook import Entry, Kind
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/vocabularies", "vocabularies")

Word = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True, pattern=WRITABLE)]


class Names(BaseModel):
    """What a code is called in every language."""

    model_config = STRICT

    zh: Word
    en: Word


class VocabularyBody(RootModel[Annotated[dict[Slug, Names], Field(max_length=1000)]]):
    """Names by code; `none` names an absent one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"blocked-fire-lane": {"zh": "消防通道堵塞", "en": "blocked fire lane"}}
        }
    )


class VocabularyView(Published):
    """A version of a vocabulary."""

    words: VocabularyBody


class Vocabularies(BaseModel):
    """Vocabularies, by name or by version."""

    items: list[VocabularyView]


@routes.get("", response_model=Vocabularies)
@allow(Role.operator)
async def list_in_force(call: Requested) -> Response:
    """List the vocabularies in force, defaults among them."""
    entries = await versions.in_force(call, Kind.VOCABULARY)
    return answered(Vocabularies(items=[_view(entry) for entry in entries]))


@routes.get("/{name}", response_model=VocabularyView)
@allow(Role.operator)
async def show(name: Name, call: Requested) -> Response:
    """Read the version of a vocabulary that is in force."""
    return await versions.show(call, Kind.VOCABULARY, name, _view)


@routes.put("/{name}", response_model=VocabularyView)
@allow(Role.operator)
async def publish(name: Name, body: VocabularyBody, call: Requested) -> Response:
    """Publish the community's own vocabulary; messages planned from now on use it."""
    return await versions.publish(call, Kind.VOCABULARY, name, body, _view)


def _view(entry: Entry) -> VocabularyView:
    return VocabularyView(**published(entry).model_dump(), words=VocabularyBody.model_validate(entry.content))
