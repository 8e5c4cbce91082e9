"""The API's own pages, served without anybody else's server: a command room may have no internet.

Only the files of `fastapi-offline` are used, so that it is found, not imported.
"""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, HTMLResponse, Response

from shared.errors import NotFound
from shared.http.routing import router
from shared.security.policy import public

_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}


def api_pages(title: str) -> APIRouter:
    """Make `/docs`, where every route can be read and tried, and the two files it is made of."""
    routes = router("", "pages")
    folder = _folder()
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=title,
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="data:,",
        swagger_ui_parameters={"persistAuthorization": True, "displayRequestDuration": True},
    )

    @routes.get("/docs", include_in_schema=False)
    @public()
    async def docs() -> Response:
        """The page."""
        return HTMLResponse(page.body)

    @routes.get("/docs/{name}", include_in_schema=False)
    @public()
    async def asset(name: str) -> Response:
        """One of its files."""
        if name not in _ASSETS:
            raise NotFound("the page has no such file")
        return FileResponse(
            folder / name, media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=86400"}
        )

    return routes


def _folder() -> Path:
    found = find_spec("fastapi_offline")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("fastapi-offline is not installed: it brings the API pages' files")
    return Path(found.origin).parent / "static"
