"""A request's body on its way in: counted against the route's limit and hashed, whoever reads it."""

import asyncio
import hashlib
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from shared.errors import UnsupportedMedia

Model = TypeVar("Model", bound=BaseModel)

DEFAULT_LIMIT = 256 * 1024
"""Bytes; a route that streams more says `max_body_size=`."""
_DRAIN_BYTES = 32 * 1024 * 1024  # a telephone's largest photo: its sender shall read why it is refused
_DRAIN_SECONDS = 2.0


class BodyTooLarge(HTTPException):
    """The body exceeds the route's limit; FastAPI lets no other exception through while it reads a body."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body may have {limit} bytes at most", {"Connection": "close"})


class Body:
    """Stands between server and route: `receive` in the place of the server's."""

    __slots__ = ("_digest", "_limit", "_receive", "_size")

    def __init__(self, receive: Receive, limit: int, start: bytes | None) -> None:
        self._receive = receive
        self._limit = limit
        self._size = 0
        self._digest = None if start is None else hashlib.sha256(start)

    async def receive(self) -> Message:
        """Pass on the next part.

        Raises:
            BodyTooLarge: more has come than the route takes.
        """
        message = await self._receive()
        if message["type"] == "http.request":
            part = message.get("body", b"")
            self._size += len(part)
            if self._size > self._limit:
                raise BodyTooLarge(self._limit)
            if self._digest is not None:
                self._digest.update(part)
        return message

    def digest(self) -> bytes:
        """Hash what was read so far, after the `start` that was given."""
        if self._digest is None:
            raise ValueError("this body was not hashed")
        return self._digest.digest()


def check_length(headers: dict[bytes, bytes], limit: int) -> None:
    """Turn a body away that announces to be too large, before any of it is read.

    Raises:
        BodyTooLarge: `Content-Length` exceeds the limit.
    """
    length = headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        raise BodyTooLarge(limit)


def check_json(headers: dict[bytes, bytes]) -> None:
    """Turn a body away that says it is something else than JSON.

    Raises:
        UnsupportedMedia: another media type, or a content encoding.
    """
    kind = headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower()
    if kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        raise UnsupportedMedia("the body must be application/json")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia("the body must not be compressed")


async def read_body(request: Request, model: type[Model]) -> Model:
    """Read a hot route's body straight from its bytes; wrong ones are answered like any other route's.

    Raises:
        pydantic.ValidationError, RequestValidationError: not JSON (400) or not valid (422).
        UnsupportedMedia: not JSON by its own account.
    """
    check_json(dict(request.scope["headers"]))
    content = await request.body()
    if not content:
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required"}])
    return model.model_validate_json(content)


async def send_refusal(start: Message, body: bytes, receive: Receive, send: Send) -> None:
    """Answer 413 at once and read on for a while before the connection is closed.

    Closing with unread bytes makes TCP reset the connection, and many clients then lose the answer.
    """
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": True})
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await _drain(receive)
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    drained = 0
    while drained < _DRAIN_BYTES:
        message = await receive()
        drained += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def expects_continue(scope: Scope) -> bool:
    """Tell whether the client waits for our word before it sends the body: then nothing is on its way."""
    return any(name == b"expect" for name, _ in scope["headers"])


def declared_body(model: type[BaseModel]) -> "DeclaredBody":
    """Make the `openapi_extra` of a hot route that reads its body itself."""
    return DeclaredBody(model)


class DeclaredBody(dict[str, Any]):
    """A request body in OpenAPI's words that still knows its model, whose schema joins the components."""

    def __init__(self, model: type[BaseModel]) -> None:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
        super().__init__({"requestBody": {"required": True, "content": content}})
        self.model = model
