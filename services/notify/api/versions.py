"""What rules, templates and vocabularies have in common over HTTP: a version in force for each name."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.notify.domain.rulebook import Entry, Kind
from services.notify.store import rulebook
from services.notify.usecases.publish_entry import publish_entry, read_rulebook, show_entry
from shared.errors import NotFound
from shared.http.call import Call, answered

View = TypeVar("View", bound=BaseModel)

SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

Name = Annotated[str, Path(pattern=SLUG, max_length=64, examples=["case-assigned"])]
Slug = Annotated[str, StringConstraints(pattern=SLUG, max_length=64)]
EventType = Annotated[str, StringConstraints(max_length=100)]
WRITABLE = r"^[^\x00]*$"
"""PostgreSQL stores every character but NUL."""
STRICT = ConfigDict(extra="forbid")


class Published(BaseModel):
    """Which version this is, who published it and when, and whether it is the community's own."""

    name: str
    version: int = Field(description="Also the ETag")
    origin: Literal["default", "community"]
    published_at: datetime
    published_by: str


def published(entry: Entry) -> Published:
    """Say what all kinds of entries say of themselves."""
    return Published(
        name=entry.name,
        version=entry.version,
        origin="community" if entry.community else "default",
        published_at=entry.published_at,
        published_by=entry.published_by,
    )


async def in_force(call: Call, kind: Kind) -> list[Entry]:
    """Read all of a kind that are in force in the caller's community."""
    book = await call.read(lambda work: read_rulebook(work, call.community))
    return book.in_force(call.community, kind)


async def versions(call: Call, kind: Kind, name: str) -> list[Entry]:
    """Read all versions of one name.

    Raises:
        NotFound: nothing has this name.
    """
    found = await call.read(lambda work: rulebook.versions(work.connection, call.community, kind, name))
    if not found:
        raise NotFound(f"there is no {kind} of this name")
    return found


async def show(call: Call, kind: Kind, name: str, view: Callable[[Entry], BaseModel]) -> Response:
    """Answer with the version in force."""
    entry = await call.read(lambda work: show_entry(work, call.community, kind, name))
    return answered(view(entry), version=entry.version)


async def publish(
    call: Call, kind: Kind, name: str, body: BaseModel, view: Callable[[Entry], View]
) -> Response:
    """Put a new version in force; a name that is not in use yet needs no If-Match."""
    seen = call.require_version() if call.if_match is not None else None
    content = body.model_dump(mode="json", exclude_unset=True)
    return await call.write(
        lambda work: publish_entry(work, call.community, kind, name, content, seen=seen),
        view,
        etag=lambda entry: entry.version,
    )
