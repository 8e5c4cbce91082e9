"""One admitted request: who asks, in which community, and its units of work."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from shared.database.work import Work, Works
from shared.errors import Malformed
from shared.http.body import Body
from shared.http.etag import etag_of, required_version
from shared.http.idempotency import NO_COMMUNITY, StoredAnswer, claim_key, keep_answer, read_key
from shared.security.actor import Actor
from shared.security.roles import Role

T = TypeVar("T")
UseCase = Callable[[Work], Awaitable[T]]


@dataclass(slots=True)
class Call:
    """What an endpoint knows of its caller; `community_or_none` is None for the platform only."""

    actor: Actor
    community_or_none: UUID | None
    roles: frozenset[Role]
    traceparent: str
    works: Works
    headers: dict[bytes, bytes]
    body: Body

    @property
    def community(self) -> UUID:
        """The community in which this request works.

        Raises:
            Malformed: the platform named none.
        """
        if self.community_or_none is None:
            raise Malformed("name the community in Linli-Community")
        return self.community_or_none

    @property
    def key(self) -> str | None:
        """The idempotency key, if the caller sent one."""
        return read_key(self.headers.get(b"idempotency-key"))

    @property
    def fingerprint(self) -> bytes:
        """Tells this request from others with the same key; the body must have been read."""
        return self.body.digest()

    @property
    def if_match(self) -> str | None:
        """`If-Match` as sent."""
        sent = self.headers.get(b"if-match")
        return None if sent is None else sent.decode("latin-1")

    def require_version(self) -> int:
        """Read the version that the caller has seen from `If-Match`; its errors are `required_version`'s."""
        return required_version(self.if_match)

    async def read(self, use_case: UseCase[T]) -> T:
        """Run a use case that changes nothing."""
        async with self._open() as work:
            return await use_case(work)

    async def write(
        self,
        use_case: UseCase[T],
        answer: Callable[[T], BaseModel | None],
        *,
        status: int = 200,
        etag: Callable[[T], int] | None = None,
        location: Callable[[T], str] | None = None,
        repeated: Callable[[T], BaseModel] | None = None,
    ) -> Response:
        """Run a use case once for its idempotency key, commit, and answer; a repeat gets the first answer.

        `answer` makes the body (None: no body), `etag` the version, `location` the address of what was made.
        `repeated` makes that of repeats where it is another, since it is kept: without secrets or numbers.

        Raises:
            OutcomeUnknown: the answer to COMMIT was lost; the same key tells.
        """
        key = self.key
        ident = (self.community_or_none or NO_COMMUNITY, self.actor.person, key or "")
        fingerprint = b"" if key is None else self.fingerprint
        async with self._open() as work:
            if key is not None:
                before = await claim_key(work.connection, ident, fingerprint)
                if before is not None:
                    return respond(before, replayed=True)
            result = await use_case(work)
            given = StoredAnswer(
                fingerprint,
                status,
                _written(answer(result)),
                None if etag is None else etag_of(etag(result)),
                None if location is None else location(result),
            )
            if key is not None:
                kept = given if repeated is None else given._replace(body=_written(repeated(result)))
                await keep_answer(work.connection, ident, kept)
        return respond(given)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Work]:
        community = self.community_or_none
        if community is None:
            opened = self.works.for_system(self.actor.person, None, self.traceparent)
        else:
            opened = self.works.for_request(self.actor.person, community, self.traceparent)
        async with opened as work:
            yield work


async def call_of(request: Request) -> Call:
    """Find the call of a request; for routes that take the `Request` themselves."""
    call: Call = request.state.call
    return call


Requested = Annotated[Call, Depends(call_of)]


def _written(body: BaseModel | None) -> bytes:
    return b"" if body is None else body.model_dump_json(by_alias=True).encode()


def respond(answer: StoredAnswer, *, replayed: bool = False) -> Response:
    """Turn a stored answer into the response it was, marked when it is given again."""
    headers: dict[str, str] = {}
    if answer.etag is not None:
        headers["ETag"] = answer.etag
    if answer.location is not None:
        headers["Location"] = answer.location
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(answer.body, answer.status, headers, "application/json" if answer.body else None)


def answered(body: BaseModel, *, status: int = 200, version: int | None = None) -> Response:
    """Answer a read with its entity tag."""
    etag = None if version is None else etag_of(version)
    return respond(StoredAnswer(b"", status, _written(body), etag))
