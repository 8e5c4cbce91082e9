"""Errors as RFC 9457 problem documents: every one of them, from one table, without internals."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.errors import (
    DATABASE_ERRORS,
    HANDLING,
    Handling,
    Invalid,
    LinliError,
    Malformed,
    TooLarge,
    handling_of,
)

MEDIA_TYPE = "application/problem+json"
_UNFORESEEN = Handling(500, "internal", "An error on our side")
_BY_STATUS = {
    400: HANDLING[Malformed],
    404: Handling(404, "not-found", "Not found"),
    405: Handling(405, "method-not-allowed", "The method is not allowed here"),
    413: HANDLING[TooLarge],
}
_UNQUOTED = {ord('"'): "'", ord("\\"): None}
_PLACES = {"body", "query", "path", "header", "cookie"}


class FieldProblem(BaseModel):
    """One thing that is wrong in a request."""

    pointer: str = Field(description="JSON Pointer (RFC 6901) into the body; empty for the body as a whole")
    place: str = Field(description="body, query, path or header")
    field: str
    code: str
    message: str


class Mistake(BaseModel):
    """One thing that only the service's rules know to be wrong, in what was sent or in a row of a file."""

    detail: str
    pointer: str | None = Field(None, description="The path to it, with full stops between")
    row: int | None = Field(None, description="Counted with the header as row 1")
    column: str | None = None


class Problem(BaseModel):
    """The body of every error (RFC 9457); `type` is stable, the words are not."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str
    trace_id: str | None = None
    errors: list[FieldProblem | Mistake] | None = None


def type_of(handling: Handling) -> str:
    """Give the stable URI by which programs tell one kind of problem from another."""
    return f"urn:linli:problem:{handling.slug}"


def problem_of(
    error: Exception,
    *,
    path: str,
    trace_id: str | None,
    added: Mapping[type[BaseException], Handling] | None = None,
) -> Response:
    """Answer an error; what nobody foresaw is a 500 that says nothing but where to look in the logs."""
    headers: dict[str, str] = {}
    detail: str | None
    errors: Sequence[FieldProblem] = ()
    if isinstance(error, RequestValidationError | ValidationError):
        error, errors = _read_validation(error)
    if isinstance(error, HTTPException):
        handling = _of_status(error.status_code)
        # Starlette's own say the status's phrase again, which the title says already.
        detail = None if error.detail == HTTPStatus(error.status_code).phrase else error.detail
        extensions = {}
        headers.update(error.headers or {})
    else:
        handling = handling_of(error, added) or _UNFORESEEN
        detail = _detail(error, added)
        extensions = dict(getattr(error, "extensions", {}))
    if errors:
        extensions["errors"] = [found.model_dump() for found in errors]
    retry_after = extensions.pop("retry_after", handling.retry_after)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if handling.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _challenge(detail)
    document = {
        **extensions,
        "type": type_of(handling),
        "title": handling.title,
        "status": handling.status,
        "instance": path,
    }
    document |= {name: said for name, said in (("detail", detail), ("trace_id", trace_id)) if said}
    return Response(_encoded(document), handling.status, headers, MEDIA_TYPE)


def field_problem(place: str, path: Sequence[str | int], code: str, message: str) -> FieldProblem:
    """Describe one thing that is wrong, for `Invalid(…, errors=[…])` of rules that no schema can express."""
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
    field = ".".join(str(part) for part in path)
    return FieldProblem(
        pointer=pointer if place == "body" else "", place=place, field=field, code=code, message=message
    )


def _read_validation(
    error: RequestValidationError | ValidationError,
) -> tuple[LinliError, Sequence[FieldProblem]]:
    if isinstance(error, ValidationError):
        # From `model_validate_json` of a whole body; FastAPI's own name the place first.
        details = error.errors(include_url=False, include_input=False, include_context=False)
        found = [{**each, "loc": ("body", *each["loc"])} for each in details]
    else:
        found = list(error.errors())
    for each in found:
        if each["type"] == "json_invalid":
            return Malformed("the body is not JSON"), ()
    return Invalid("one or more fields are not valid"), [_field_of(each) for each in found]


def _field_of(each: Mapping[str, Any]) -> FieldProblem:
    place, *path = each["loc"] or ("body",)
    if place not in _PLACES:
        place, path = "body", list(each["loc"])
    return field_problem(str(place), path, each["type"], each["msg"])


def _of_status(status: int) -> Handling:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    phrase = HTTPStatus(status).phrase
    return Handling(status, phrase.lower().replace(" ", "-"), phrase)


def _detail(error: Exception, added: Mapping[type[BaseException], Handling] | None) -> str | None:
    if isinstance(error, LinliError):
        return error.detail
    foreseen = added is not None and any(cls in added for cls in type(error).__mro__)
    # What the database says of itself is for our logs: it quotes SQL, rows and addresses.
    return str(error) if foreseen and not isinstance(error, DATABASE_ERRORS) else None


def _challenge(detail: str | None) -> str:
    """The challenge of RFC 6750; a quotation mark would end the description early, and it is ASCII."""
    said = (detail or "a token is required").translate(_UNQUOTED).encode("ascii", "ignore").decode()
    return f'Bearer realm="linli", error="invalid_token", error_description="{said}"'


def _encoded(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, default=_plain)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)
