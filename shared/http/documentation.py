"""What every route says of itself in OpenAPI: policy, headers, and each error with an example."""

from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.models import Schema
from pydantic.json_schema import models_json_schema

from shared.errors import (
    HANDLING,
    Conflict,
    Forbidden,
    Handling,
    Invalid,
    LinliError,
    Malformed,
    NotFound,
    PreconditionRequired,
    StaleVersion,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from shared.http.code_names import names_used
from shared.http.problem import MEDIA_TYPE, FieldProblem, Mistake, Problem, type_of
from shared.security.policy import Access, Policy

if TYPE_CHECKING:
    from shared.http.routing import GuardedRoute

_REF = "#/components/schemas/{model}"
_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Linli-Signature",
        "description": "HMAC-SHA256 (hex) over Linli-Signed-At, a full stop and the raw body",
    },
}
_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.public: [],
    Access.signed: [{"signature": []}],
}


def documented(route: "GuardedRoute", policy: Policy) -> None:
    """Add policy, headers and errors to what the route's author wrote; the author's own words win."""
    extra: dict[str, Any] = {
        "x-policy": policy.described(),
        "security": _SECURITY.get(policy.access, [{"token": []}]),
        "parameters": _community(policy),
    }
    if sentence := route.description.partition("\n\n")[0]:
        extra["summary"] = " ".join(sentence.split()).removesuffix(".")  # a function's name says less
    own = route.openapi_extra or {}
    extra["parameters"] = [*extra["parameters"], *own.get("parameters", [])]
    route.openapi_extra = {**extra, **{name: value for name, value in own.items() if name != "parameters"}}
    by_status: dict[int, list[type[LinliError]]] = {}
    for error in _errors(route, policy):
        by_status.setdefault(HANDLING[error].status, []).append(error)
    ours: dict[int | str, dict[str, Any]] = {
        status: _response(route, errors) for status, errors in sorted(by_status.items())
    }
    route.responses = {**ours, **route.responses}


def openapi_of(app: FastAPI, routes: list["GuardedRoute"], document: dict[str, Any]) -> dict[str, Any]:
    """Complete FastAPI's document by what no route of FastAPI declares.

    These are problems, hot routes' bodies, and the headers that the code looks at by itself: only now are
    the functions below an endpoint there, too.
    """
    components = document.setdefault("components", {})
    components.setdefault("securitySchemes", {}).update(_SCHEMES)
    schemas = components.setdefault("schemas", {})
    declared = [route.declared_model for route in routes if route.declared_model is not None]
    models = [(model, "validation") for model in dict.fromkeys([*declared, Problem, FieldProblem, Mistake])]
    made = models_json_schema(cast(Any, models), ref_template=_REF)[1]["$defs"]
    for name, given in made.items():
        # The form in which FastAPI writes its own: a model used by both must not look like two.
        schema = jsonable_encoder(Schema(**given), by_alias=True, exclude_none=True)
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"{app.title}: two schemas called {name} differ")
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    for route in routes:
        if route.include_in_schema and route.policy.needs_token:
            for verb in route.verbs:
                _add_honoured(route, document["paths"][route.path_format][verb.lower()])
    return document


def _community(policy: Policy) -> list[dict[str, Any]]:
    said = "Where the request works; needed when the token has several"
    return [_header("Linli-Community", said, "uuid")] if policy.needs_token else []


def _add_honoured(route: "GuardedRoute", operation: dict[str, Any]) -> None:
    headers = _honoured(route)
    if not headers:
        return
    operation.setdefault("parameters", []).extend(headers)
    if any(header["name"] == "If-Match" for header in headers):
        for error in (StaleVersion, PreconditionRequired):
            operation["responses"].setdefault(str(HANDLING[error].status), _response(route, [error]))


def _honoured(route: "GuardedRoute") -> list[dict[str, Any]]:
    """The headers that the route's code looks at; PUT and DELETE are repeatable without a key."""
    names, headers = names_used(route.endpoint), []
    if "POST" in route.verbs and names & {"write", "key"}:
        said = "A retry with the same key and body gets the first answer, for seven days"
        headers.append(_header("Idempotency-Key", said))
    if "if_match" in names:
        said = "The ETag of what the caller has seen; needed to change what is there already"
        headers.append(_header("If-Match", said if "PUT" in route.verbs else said.partition(";")[0]))
    elif "require_version" in names:
        headers.append(_header("If-Match", "The ETag of what the caller has seen", required=True))
    return headers


def _header(name: str, said: str, form: str | None = None, *, required: bool = False) -> dict[str, Any]:
    schema = {"type": "string"} | ({"format": form} if form else {})
    return {"name": name, "in": "header", "required": required, "description": said, "schema": schema}


def _errors(route: "GuardedRoute", policy: Policy) -> list[type[LinliError]]:
    """The errors that this route can answer with, whatever it does itself."""
    errors: list[type[LinliError]] = [Malformed, Unavailable]
    writes = not route.verbs <= {"GET", "HEAD"}
    takes = route.dependant
    asks = bool(takes.query_params or takes.header_params or takes.dependencies or route.param_convertors)
    if policy.access is not Access.public:
        errors.append(Unauthenticated)
    if policy.needs_token:
        errors += [Forbidden, NotFound]
    elif writes or asks:
        errors.append(NotFound)
    if writes:
        errors += [TooLarge, UnsupportedMedia, Conflict]
    if writes or asks:
        errors.append(Invalid)
    return errors


def _response(route: "GuardedRoute", errors: list[type[LinliError]]) -> dict[str, Any]:
    examples = {
        HANDLING[error].slug: {"summary": HANDLING[error].title, "value": _example(route, HANDLING[error])}
        for error in errors
    }
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}, "examples": examples}}
    return {"description": " / ".join(HANDLING[error].title for error in errors), "content": content}


def _example(route: "GuardedRoute", handling: Handling) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": type_of(handling),
        "title": handling.title,
        "status": handling.status,
        "instance": route.path_format,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    if handling is HANDLING[Invalid]:
        example["errors"] = [
            FieldProblem(
                pointer="/name", place="body", field="name", code="missing", message="Field required"
            ).model_dump()
        ]
    return example
