"""Finds the route of a request: those with a fixed path at once, the others in FastAPI's order."""

from fastapi.routing import APIRouter
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from shared.http.routing import GuardedRoute


class Dispatch:
    """Stands before FastAPI's router, which tries every route's pattern one after the other (2 µs each).

    So `/notes/latest` is found before `/notes/{note_id}`, whichever was declared first.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._guarded = [route for route in router.routes if isinstance(route, GuardedRoute)]
        self._fixed = {
            (verb, route.path): route
            for route in reversed(self._guarded)
            if not route.param_convertors
            for verb in route.verbs
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope.get("root_path"):
            route = self._fixed.get((scope["method"], scope["path"]))
            if route is not None:
                scope.update(router=self._router, route=route, endpoint=route.endpoint, path_params={})
                await route.handle(scope, receive, send)
                return
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:
            if error.status_code != 405:
                raise
            raise HTTPException(405, headers=self._allow(scope)) from error

    def _allow(self, scope: Scope) -> dict[str, str] | None:
        """What is allowed at this path, over all routes that share it: Starlette names the first one's."""
        matching = (route for route in self._guarded if route.matches(scope)[0] is not Match.NONE)
        allowed = sorted({verb for route in matching for verb in route.verbs})
        return {"Allow": ", ".join(allowed)} if allowed else None
