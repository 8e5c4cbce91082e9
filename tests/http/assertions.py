"""What must hold of every service's application; each service's tests call these with theirs."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from shared.http.application import guarded_routes

_PAGES = {"/openapi.json"}


def assert_guarded(app: FastAPI) -> None:
    """Every route has a policy, the documentation's own pages apart, and OpenAPI shows it."""
    guarded = guarded_routes(app)
    others = {getattr(route, "path", repr(route)) for route in app.routes if route not in guarded}
    assert others <= _PAGES, f"without a policy: {sorted(others - _PAGES)}"
    for route in (each for each in guarded if each.include_in_schema):
        for verb in route.verbs:
            operation = app.openapi()["paths"][route.path_format][verb.lower()]
            assert operation["x-policy"] == route.policy.described()
            assert bool(operation["security"]) == (route.policy.access != "public")


def assert_documented(app: FastAPI) -> None:
    """Every operation describes itself, its errors with examples, and its answer and body with schemas."""
    document = app.openapi()
    for name, operation in operations(document):
        assert operation.get("description"), f"{name} says nothing of itself: its docstring is missing"
        errors = {status: told for status, told in operation["responses"].items() if status[0] in "45"}
        assert "503" in errors, name
        for status, told in errors.items():
            problem = told["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, f"{name} {status}"
            for example in problem["examples"].values():
                assert example["value"]["status"] == int(status)
        for status, told in operation["responses"].items():
            for kind, content in told.get("content", {}).items():
                empty = kind == "application/json" and not content.get("schema")
                assert not empty, f"{name} {status}: name its response_model"
        _assert_example(document, name, operation)
    _assert_references(document, document)


def assert_declared(app: FastAPI) -> None:
    """What hot routes declare of their bodies is what FastAPI would have made of an ordinary parameter."""
    document = app.openapi()
    for route in guarded_routes(app):
        if route.declared_model is None:
            continue
        ordinary = FastAPI()

        async def endpoint(body: Any) -> None: ...

        endpoint.__annotations__["body"] = route.declared_model
        ordinary.post("/body")(endpoint)
        expected = ordinary.openapi()
        operation = document["paths"][route.path_format]["post"]
        assert operation["requestBody"] == expected["paths"]["/body"]["post"]["requestBody"], route.path
        for name, schema in expected["components"]["schemas"].items():
            if name not in {"HTTPValidationError", "ValidationError"}:
                assert document["components"]["schemas"][name] == schema, f"{route.path}: {name}"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb.upper()} {path}", operation


def _assert_example(document: dict[str, Any], name: str, operation: dict[str, Any]) -> None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    reference = content["schema"].get("$ref", "")
    schema = document["components"]["schemas"].get(reference.rsplit("/", 1)[-1], content["schema"])
    if {"example", "examples"} & (content.keys() | schema.keys()):
        return
    for field in schema.get("required", []):
        told = schema["properties"][field]
        # The pages can make up a number, an id or a time, but not words that mean something.
        words = told.get("type") == "string" and "format" not in told and "enum" not in told
        assert not words or "examples" in told or "const" in told, f"{name}: {field} has no example"


def _assert_references(document: dict[str, Any], part: Any) -> None:
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str):
            assert reference.rsplit("/", 1)[-1] in document["components"]["schemas"], reference
        for value in part.values():
            _assert_references(document, value)
    elif isinstance(part, list):
        for value in part:
            _assert_references(document, value)
