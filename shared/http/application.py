"""Puts an application together: routers, the edge, health, documentation; nothing unguarded gets in."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from shared.database.work import Works
from shared.errors import Handling
from shared.http.api_pages import api_pages
from shared.http.dispatch import Dispatch
from shared.http.documentation import openapi_of
from shared.http.edge import Edge
from shared.http.routing import GuardedRoute
from shared.security.tokens import TokenVerifier


class UnguardedRouteError(TypeError):
    """A router holds a route that was not made by `shared.http.routing.router`."""


class Application(FastAPI):
    """FastAPI with one middleware instead of its five: errors are answered at the edge, from one table."""

    def __init__(self, errors: Mapping[type[BaseException], Handling], **given: Any) -> None:
        self._errors = errors
        # FastAPI's own instruments would tell everything a second time.
        quiet: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
        super().__init__(telemetry=quiet, redirect_slashes=False, docs_url=None, redoc_url=None, **given)

    def build_middleware_stack(self) -> ASGIApp:
        """Make the chain; middleware that somebody adds lies between the edge and the routes."""
        app: ASGIApp = AsyncExitStackMiddleware(Dispatch(self.router))
        for cls, args, kwargs in reversed(self.user_middleware):
            app = cls(app, *args, **kwargs)
        return Edge(app, self._errors)

    def openapi(self) -> dict[str, Any]:
        """Describe all routes, with their errors."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi_of(self, guarded_routes(self), super().openapi())
        return self.openapi_schema


def build_application(
    *,
    title: str,
    routers: Sequence[APIRouter],
    errors: Mapping[type[BaseException], Handling],
    works: Works,
    verifier: TokenVerifier,
    state: Mapping[str, Any] | None = None,
    description: str = "",
) -> FastAPI:
    """Build a service's application; its endpoints find `state` on `app.state`.

    `errors` are those of the service's domain; `routers` hold `health_routes(…)` too.

    Raises:
        UnguardedRouteError: a router was made otherwise, so that its routes have no policy.
    """
    app = Application(errors, title=title, description=description)
    app.state.works = works
    app.state.verifier = verifier
    for name, value in (state or {}).items():
        setattr(app.state, name, value)
    for each in (api_pages(title), *routers):
        for route in each.routes:
            if not isinstance(route, GuardedRoute):
                raise UnguardedRouteError(
                    f"{route} has no policy: make its router by shared.http.routing.router"
                )
            # Not include_router: that one matches every included route twice at each request.
            app.router.routes.append(route)
    return app


def guarded_routes(app: FastAPI) -> list[GuardedRoute]:
    """List the routes that have a policy; the documentation's own pages are the only others."""
    return [route for route in app.router.routes if isinstance(route, GuardedRoute)]
