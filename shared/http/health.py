"""Health and metrics, public: an operator and the platform ask, and neither has a token."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.responses import Response

from shared.errors import Unavailable
from shared.http.routing import router
from shared.security.policy import public
from shared.telemetry.metrics import exposition

Alive = Callable[[], str | None]
Ready = Callable[[], Awaitable[str | None]]


def health_routes(alive: Alive, ready: Ready) -> APIRouter:
    """Make the routes; both callables answer what is wrong, in an operator's words, or None."""
    routes = router("", "health")

    @routes.get("/health/live", status_code=204, response_class=Response)
    @public()
    async def live() -> Response:
        """Whether the process is worth keeping; restart it when this fails."""
        _pass(alive())
        return Response(status_code=204)

    @routes.get("/health/ready", status_code=204, response_class=Response)
    @public()
    async def readiness() -> Response:
        """Whether the process can do its work now; send it no requests while this fails."""
        _pass(await ready())
        return Response(status_code=204)

    @routes.get("/metrics", response_class=Response)
    @public()
    async def metrics() -> Response:
        """The numbers, in the text format of Prometheus."""
        content, kind = exposition()
        return Response(content, headers={"Content-Type": kind})

    return routes


def _pass(problem: str | None) -> None:
    if problem is not None:
        raise Unavailable(problem)
