"""A small application of these tests' own: notes of two kinds of people, behind the whole chain."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from shared.database.tenancy import tenant_policy
from shared.database.work import Work, Works
from shared.errors import Handling, Invalid, NotFound
from shared.http.application import build_application
from shared.http.body import declared_body, read_body
from shared.http.call import Requested, answered, call_of
from shared.http.etag import matching
from shared.http.health import health_routes
from shared.http.idempotency import IDEMPOTENCY_TABLE
from shared.http.paging import Page, Paged
from shared.http.problem import field_problem
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow, members, platform, public, signed
from shared.security.roles import Role
from shared.security.signatures import verify
from shared.security.tokens import TokenVerifier

TABLES = (
    "CREATE TABLE notes (id uuid PRIMARY KEY, community_id uuid NOT NULL, body text NOT NULL, "
    "version bigint NOT NULL DEFAULT 1, written_at timestamptz NOT NULL)",
    *tenant_policy("notes"),
    *IDEMPOTENCY_TABLE,
)
SECRETS = {"lane-1": "first", "lane-1-next": "second"}


class NoteSealedError(Exception):
    """The note is sealed."""


class WriteNote(BaseModel):
    """What somebody writes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"body": "milk", "stars": 2}})

    body: str = Field(min_length=1, max_length=1000)
    stars: int = Field(0, ge=0, le=5)
    tags: list[str] = Field(default_factory=list, max_length=5)
    place: UUID | None = None


class Note(BaseModel):
    id: UUID
    body: str
    version: int


ERRORS: dict[type[BaseException], Handling] = {
    NoteSealedError: Handling(409, "note-sealed", "The note is sealed")
}
notes = router("/notes", "notes")
others = router("", "others")


async def write(work: Work, body: str, note: UUID | None = None) -> Note:
    if body == "sealed":
        raise NoteSealedError("nobody writes on a sealed note")
    made = note or new_id()
    await work.connection.execute(
        "INSERT INTO notes (id, community_id, body, written_at) VALUES ($1, $2, $3, $4)",
        made,
        work.community,
        body,
        work.now,
    )
    return Note(id=made, body=body, version=1)


@notes.post("", status_code=201, response_model=Note)
@allow(Role.resident, Role.operator)
async def write_note(body: WriteNote, call: Requested) -> Response:
    """Write a note."""
    return await call.write(
        lambda work: write(work, body.body),
        lambda note: note,
        status=201,
        etag=lambda note: note.version,
        location=lambda note: f"/notes/{note.id}",
    )


@notes.post("/hot", status_code=201, response_model=Note, openapi_extra=declared_body(WriteNote))
@allow(Role.resident)
async def write_hot(request: Request) -> Response:
    """Write a note by the short way."""
    call = await call_of(request)
    body = await read_body(request, WriteNote)
    return await call.write(lambda work: write(work, body.body), lambda note: note, status=201)


@notes.post("/plain", status_code=201, response_model=Note)
@allow(Role.resident)
async def write_plain(body: WriteNote, call: Requested) -> Response:
    """Write a note by the ordinary way, to compare."""
    return await call.write(lambda work: write(work, body.body), lambda note: note, status=201)


@notes.get("")
@members()
async def list_notes(call: Requested, paging: Paged, part: str = "") -> Page[Note]:
    """List notes, the latest first."""

    async def listed(work: Work) -> list[Any]:
        after = paging.after(datetime, UUID)
        return await work.connection.fetch(
            "SELECT id, body, version, written_at FROM notes WHERE community_id = $1 "
            "AND ($2::timestamptz IS NULL OR (written_at, id) < ($2, $3::uuid)) "
            "AND ($5 = '' OR strpos(body, $5) > 0) ORDER BY written_at DESC, id DESC LIMIT $4",
            call.community,
            *(after or (None, None)),
            paging.limit + 1,
            part,
        )

    return paging.page(
        await call.read(listed),
        lambda row: Note(id=row["id"], body=row["body"], version=row["version"]),
        lambda row: (row["written_at"], row["id"]),
    )


@notes.get("/{note_id}", response_model=Note)
@members()
async def read_note(note_id: UUID, call: Requested) -> Response:
    """Read one note."""

    async def found(work: Work) -> Note:
        row = await work.connection.fetchrow(
            "SELECT id, body, version FROM notes WHERE community_id = $1 AND id = $2", call.community, note_id
        )
        if row is None:
            raise NotFound("no such note")
        return Note(**row)

    note = await call.read(found)
    return answered(note, version=note.version)


@notes.put("/{note_id}", response_model=Note)
@allow(Role.resident)
async def change_note(note_id: UUID, body: WriteNote, call: Requested) -> Response:
    """Change a note that nobody has changed meanwhile."""
    expected = call.require_version()

    async def changed(work: Work) -> Note:
        found = "SELECT version FROM notes WHERE community_id = $1 AND id = $2 FOR UPDATE"
        current = await work.connection.fetchval(found, call.community, note_id)
        if current is None:
            raise NotFound("no such note")
        matching(current, expected)
        row = await work.connection.fetchrow(
            "UPDATE notes SET body = $3, version = version + 1 WHERE community_id = $1 AND id = $2 "
            "RETURNING id, body, version",
            call.community,
            note_id,
            body.body,
        )
        assert row is not None
        return Note(**row)

    return await call.write(changed, lambda note: note, etag=lambda note: note.version)


@others.get("/broken", response_class=PlainTextResponse)
@public()
async def broken(request: Request) -> Response:
    """Fail as nobody foresaw."""
    raise RuntimeError(f"postgresql://secret@{request.url.hostname} fell over")


@others.get("/rule", response_class=PlainTextResponse)
@public()
async def rule() -> None:
    """Break a rule that no schema can express."""
    raise Invalid(
        "no such category", errors=[field_problem("body", ("items", 0, "a/b"), "unknown", "unknown")]
    )


@others.post("/import", response_class=PlainTextResponse, max_body_size=8_000_000)
@allow(Role.importer)
async def take_import(request: Request) -> Response:
    """Take a long stream."""
    size = 0
    async for part in request.stream():
        size += len(part)
    return Response(str(size))


@others.post("/communities/{name}")
@platform()
async def register(name: str, call: Requested) -> dict[str, str]:
    """Do what only the platform may."""
    return {"name": name, "person": call.actor.person}


@others.get("/street")
@allow(Role.street, Role.platform)
async def street(call: Requested) -> dict[str, list[str]]:
    """Tell one's roles."""
    return {"roles": sorted(call.roles)}


@others.post("/reads", response_class=PlainTextResponse)
@signed()
async def reads(request: Request) -> Response:
    """Take what a device signed."""
    return Response(verify(request.headers, await request.body(), secrets=SECRETS))


@others.post("/defaults", response_model=Note)
@platform()
async def write_default(body: WriteNote, call: Requested) -> Response:
    """Write, as the platform, what belongs to a community that the body names."""

    async def written(work: Work) -> Note:
        made = new_id()
        await work.connection.execute(
            "INSERT INTO notes (id, community_id, body, written_at) VALUES ($1, $2, $3, $4)",
            made,
            body.place,
            body.body,
            work.now,
        )
        return Note(id=made, body=body.body, version=1)

    return await call.write(written, lambda note: note)


async def _given(call: Requested) -> AsyncIterator[str]:
    yield call.actor.person


@others.get("/nested/{number}")
@members()
async def nested(number: int, person: Annotated[str, Depends(_given)]) -> dict[str, str | int]:
    """Take a path parameter and a dependency of a dependency."""
    return {"number": number, "person": person}


async def ready() -> str | None:
    return None


def alive() -> str | None:
    return None


def build(works: Works, verifier: TokenVerifier) -> FastAPI:
    return build_application(
        title="notes",
        routers=[notes, others, health_routes(alive, ready)],
        errors=ERRORS,
        works=works,
        verifier=verifier,
    )
