"""Routes that are guarded from their construction on: no policy, no route; no admission, no body read."""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import Malformed, Unauthenticated
from shared.http.body import DEFAULT_LIMIT, Body, DeclaredBody, check_json, check_length
from shared.http.call import Call
from shared.http.documentation import documented
from shared.http.idempotency import request_line
from shared.security.actor import Actor
from shared.security.policy import Policy, admit, policy_of
from shared.security.tokens import TokenVerifier

_READING = {"GET", "HEAD"}


class MissingPolicyError(TypeError):
    """An endpoint does not say who may use it."""


class GuardedRoute(APIRoute):
    """A FastAPI route that knows its policy and admits the caller before it reads the body.

    An endpoint that takes nothing but the `Request` is called without FastAPI's resolution of
    parameters. `max_body_size` (bytes) overrides the default limit.
    """

    policy: Policy
    limit: int
    verbs: frozenset[str]
    declared_model: type[Any] | None

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        max_body_size: int | None = None,
        openapi_extra: dict[str, Any] | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        **given: Any,
    ) -> None:
        policy = policy_of(endpoint)
        if policy is None:
            raise MissingPolicyError(
                f"{path}: {endpoint.__name__} does not say who may use it: write @allow(Role.…), @members(), "
                "@platform(), @public() or @signed() below its route"
            )
        self.policy = policy
        self.limit = DEFAULT_LIMIT if max_body_size is None else max_body_size
        self.declared_model = openapi_extra.model if isinstance(openapi_extra, DeclaredBody) else None
        self.verbs = frozenset(map(str.upper, given.get("methods") or ["GET"]))
        super().__init__(path, endpoint, responses=responses, openapi_extra=openapi_extra, **given)
        documented(self, policy)
        self._reads_json = self.body_field is not None and not _is_form(self)
        if _takes_request_only(endpoint):
            self.app = _direct(endpoint)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the caller, then let the route read and answer."""
        method = scope["method"]
        if method not in self.verbs:
            raise HTTPException(405)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if self.policy.needs_token:
            body = Body(receive, self.limit, _hash_start(scope, headers))
            scope.setdefault("state", {})["call"] = await self._admitted(scope, headers, body)
        else:
            body = Body(receive, self.limit, None)
        check_length(headers, self.limit)
        if self._reads_json:
            check_json(headers)
        await self.app(scope, body.receive, send)

    async def _admitted(self, scope: Scope, headers: dict[bytes, bytes], body: Body) -> Call:
        state = scope["app"].state
        actor = await authenticated(state.verifier, headers)
        community, roles = admit(
            self.policy, actor, _named_community(headers), reading=scope["method"] in _READING
        )
        return Call(actor, community, roles, scope["linli.traceparent"], state.works, headers, body)


def router(prefix: str, tag: str) -> APIRouter:
    """Make a router whose routes are all guarded; `tag` groups them in the documentation."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=GuardedRoute)


async def authenticated(verifier: TokenVerifier, headers: dict[bytes, bytes]) -> Actor:
    """Verify the token of a request.

    Raises:
        Unauthenticated, Unavailable: as `TokenVerifier.verify`.
    """
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise Unauthenticated("send a token in the header Authorization: Bearer")
    return await verifier.verify(token.strip().decode("latin-1"))


def _named_community(headers: dict[bytes, bytes]) -> UUID | None:
    named = headers.get(b"linli-community")
    if named is None:
        return None
    try:
        return UUID(named.decode("latin-1"))
    except ValueError as error:
        raise Malformed("Linli-Community needs a UUID") from error


def _hash_start(scope: Scope, headers: dict[bytes, bytes]) -> bytes | None:
    """Hash only what carries an idempotency key, behind the service's secret where it has one."""
    if b"idempotency-key" not in headers:
        return None
    query = scope["query_string"].decode("latin-1")
    line = request_line(scope["method"], f"{scope['path']}?{query}" if query else scope["path"])
    secret: bytes = getattr(scope["app"].state, "fingerprint_secret", b"")
    return secret + line


def _is_form(route: APIRoute) -> bool:
    field = route.body_field
    return field is not None and getattr(field.field_info, "media_type", "") != "application/json"


def _takes_request_only(endpoint: Callable[..., Any]) -> bool:
    parameters = list(inspect.signature(endpoint, eval_str=True).parameters.values())
    return (
        inspect.iscoroutinefunction(endpoint) and len(parameters) == 1 and parameters[0].annotation is Request
    )


def _direct(endpoint: Callable[[Request], Coroutine[Any, Any, Response]]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    return app
