"""OpenAPI says what the service does: policies, errors, hot routes' bodies."""

import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.openapi.models import OpenAPI

from tests.http.assertions import assert_declared, assert_documented, assert_guarded, operations

pytestmark = pytest.mark.anyio


async def test_every_route_has_a_policy(app: FastAPI) -> None:
    assert_guarded(app)

    @app.get("/later")
    async def later() -> None: ...

    with pytest.raises(AssertionError, match="/later"):
        assert_guarded(app)


async def test_every_route_is_documented(app: FastAPI) -> None:
    assert_documented(app)


async def test_hot_routes_declare_what_fastapi_would(app: FastAPI) -> None:
    assert_declared(app)


async def test_the_pages_are_public(client: httpx.AsyncClient) -> None:
    for path in ("/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"):
        assert (await client.get(path)).status_code == 200
    assert (await client.get("/docs/application.py")).status_code == 404


async def test_the_pages_need_nobody_elses_server(client: httpx.AsyncClient) -> None:
    assert re.findall(r"https?://[^\s\"']+", (await client.get("/docs")).text) == []


async def test_the_document_is_one_of_openapi(app: FastAPI) -> None:
    OpenAPI.model_validate(app.openapi())


async def test_headers_and_policies_are_told(app: FastAPI) -> None:
    told = dict(operations(app.openapi()))
    post, put = told["POST /notes"], told["PUT /notes/{note_id}"]
    assert post["x-policy"] == {"access": "roles", "roles": ["operator", "resident"]}
    assert {header["name"] for header in post["parameters"]} == {"Linli-Community", "Idempotency-Key"}
    assert {header["name"] for header in put["parameters"]} == {"Linli-Community", "If-Match", "note_id"}
    assert {"400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "503"} <= put[
        "responses"
    ].keys()
    assert {header["name"] for header in told["POST /import"]["parameters"]} == {"Linli-Community"}
    assert "412" not in post["responses"]
    assert told["POST /reads"]["security"] == [{"signature": []}]
    assert told["GET /health/live"]["security"] == []
