"""What OpenAPI says of the hot route is what an ordinary route would say, and words keep to the contracts."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from services.issues.api.reports import ReportedOut, ReportIn
from services.issues.app import ERRORS, SERVICE
from services.issues.domain.grants import GRANTABLE
from services.issues.domain.words import WrongWord, person_id, place_code, place_name
from shared.contracts.fields import PersonId, PlaceCode, PlaceName
from shared.errors import HANDLING
from shared.runtime.running import describe
from shared.security.roles import Role


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    async def described() -> dict[str, Any]:
        async with AsyncExitStack() as stack:
            return await describe(stack, SERVICE)

    return asyncio.run(described())


@pytest.mark.anyio
async def test_the_hot_route_is_described_as_an_ordinary_one(document: dict[str, Any]) -> None:
    ordinary = FastAPI()

    @ordinary.post("/reports", status_code=201)
    async def report(body: ReportIn) -> ReportedOut:
        raise NotImplementedError

    expected, described = ordinary.openapi(), document["paths"]["/reports"]["post"]
    plain = expected["paths"]["/reports"]["post"]
    assert described["requestBody"] == plain["requestBody"]
    assert described["responses"]["201"]["content"] == plain["responses"]["201"]["content"]
    schemas = expected["components"]["schemas"]
    for name in ("ReportIn", "Position", "ReportedOut", "AssigneeFields"):
        assert document["components"]["schemas"][name] == schemas[name], name


@pytest.mark.anyio
async def test_every_route_tells_its_policy_and_errors(document: dict[str, Any]) -> None:
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            assert "x-policy" in operation, (verb, path)
            assert {status for status in operation["responses"] if status >= "400"}, (verb, path)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("post /reports", {"Idempotency-Key": False}),
        ("post /reports/batch", {}),
        ("post /imports/{mapping}", {}),
        ("post /cases/{case_id}/accept", {"Idempotency-Key": False, "If-Match": False}),
        ("put /categories/{code}", {"If-Match": False}),
        ("put /escalation", {"If-Match": True}),
    ],
)
async def test_it_tells_the_headers_that_the_code_looks_at(
    document: dict[str, Any], operation: str, wanted: dict[str, bool]
) -> None:
    verb, path = operation.split(" ")
    described = document["paths"][path][verb]
    headers = {each["name"]: each["required"] for each in described["parameters"] if each["in"] == "header"}
    assert headers.pop("Linli-Community") is False
    assert headers == wanted
    assert ("412" in described["responses"]) == ("If-Match" in wanted)


def test_every_error_of_the_domain_has_its_row() -> None:
    slugs = [handling.slug for handling in ERRORS.values()]
    assert len(set(slugs)) == len(slugs)
    assert not set(slugs) & {handling.slug for handling in HANDLING.values()}


def test_every_role_but_the_platforms_can_be_granted() -> None:
    assert {role.value for role in Role} - {"platform"} == GRANTABLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "A-1",
        "-a",
        "a b",
        " a",
        "a ",
        "中",
        "a" * 32,
        "a" * 33,
        "a" * 80,
        "a" * 81,
        "a" * 128,
        "a" * 129,
    ],
)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(person_id, PersonId), (place_code, PlaceCode), (place_name, PlaceName)],
)
def test_words_are_those_that_the_bus_takes(ours: Any, theirs: Any, text: str) -> None:
    try:
        ours(text)
    except WrongWord:
        with pytest.raises(ValidationError):
            TypeAdapter(theirs).validate_python(text)
    else:
        TypeAdapter(theirs).validate_python(text)
