"""A change that breaks readers of the last release is found, and a harmless one is let through."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, create_model
from typer.testing import CliRunner

from shared.contracts import __main__ as command
from shared.contracts.compatibility import breaks, released_schemas
from shared.contracts.generation.draft7 import to_draft7
from shared.contracts.generation.files import current_schemas

TYPE = "linli.issues.issue-tested.v1"
Code = Annotated[str, Field(pattern="^[a-z]+$", max_length=8)]

Schemas = dict[str, dict[str, Any]]


class Part(BaseModel):
    kind: Literal["a", "b"]
    place: UUID | None = None


class WiderPart(BaseModel):
    kind: Literal["a", "b"]
    place: UUID | None = None
    added: int | None = None


class PartOfOneKind(BaseModel):
    kind: Literal["a"]
    place: UUID | None = None


class NarrowerPart(BaseModel):
    kind: Literal["a", "b"]


RELEASED: dict[str, Any] = {
    "case": (UUID, ...),
    "code": (Code, ...),
    "state": (Literal["open", "shut"], ...),
    "area": (Annotated[int, Field(ge=0, le=9)] | None, None),
    "flags": (Annotated[tuple[Code, ...], Field(max_length=3)], ()),
    "part": (Part, ...),
    "other": (Part | None, None),
}


def schema(fields: dict[str, Any], *, topic: str = "linli.issues", subject: str = "case") -> Schemas:
    body = to_draft7(create_model("Tested", **fields).model_json_schema())
    return {TYPE: {"x-linli": {"topic": topic, "subject": subject}} | body}


def kinds(current: Schemas) -> list[str]:
    return [found.kind for found in breaks(schema(RELEASED), current)]


def changed(**fields: Any) -> Schemas:
    return schema(RELEASED | fields)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in RELEASED.items() if key != name}


PERMITTED: dict[str, Schemas] = {
    "nothing": schema(RELEASED),
    "a new optional field": changed(added=(int | None, None)),
    "a new optional field with a default": changed(added=(Literal["x", "y"], "x")),
    "a new optional field in a part": changed(part=(WiderPart, ...)),
    "another description": changed(code=(Code, Field(description="Other words."))),
    "other examples and title": changed(code=(Code, Field(examples=["abc"], title="Code"))),
    "a new optional field in a nullable part": changed(other=(WiderPart | None, None)),
    "a described part": changed(part=(Part, Field(description="Whose."))),
    "another order of fields": schema(dict(reversed(RELEASED.items()))),
    "another order of an enum": changed(state=(Literal["shut", "open"], ...)),
    "another event": schema(RELEASED) | {"linli.issues.issue-added.v1": schema(RELEASED)[TYPE]},
    "the next version beside it": schema(RELEASED)
    | {"linli.issues.issue-tested.v2": schema({"x": (int, 1)})[TYPE]},
}

FORBIDDEN: dict[str, tuple[Schemas, list[str]]] = {
    "a field removed": (schema(without("code")), ["field-removed"]),
    "an optional field removed": (schema(without("area")), ["field-removed"]),
    "a field renamed": (
        schema(without("code") | {"codes": RELEASED["code"]}),
        ["field-removed", "new-required"],
    ),
    "a new required field": (changed(added=(int, ...)), ["new-required"]),
    "a new required nullable field": (changed(added=(int | None, ...)), ["new-required"]),
    "optional to required": (changed(flags=(RELEASED["flags"][0], ...)), ["required", "default"]),
    "required to optional": (changed(code=(Code, "abc")), ["required", "default"]),
    "another type": (changed(code=(int, ...)), ["bounds", "format", "type"]),
    "a number for an integer": (
        changed(area=(Annotated[float, Field(ge=0, le=9)] | None, None)),
        ["type"],
    ),
    "a list for one": (changed(state=(tuple[Literal["open", "shut"], ...], ...)), ["type", "enum", "type"]),
    "other items": (
        changed(flags=(Annotated[tuple[UUID, ...], Field(max_length=3)], ())),
        ["format", "bounds", "format"],
    ),
    "fewer words in an enum": (changed(state=(Literal["open"], ...)), ["enum", "enum"]),
    "more words in an enum": (changed(state=(Literal["open", "shut", "lost"], ...)), ["enum"]),
    "an enum in a part": (changed(part=(PartOfOneKind, ...)), ["enum", "enum"]),
    "a field of a part removed": (changed(part=(NarrowerPart, ...)), ["field-removed"]),
    "a field of a nullable part removed": (changed(other=(NarrowerPart | None, None)), ["field-removed"]),
    "a part no longer nullable": (changed(other=(Part, ...)), ["nullability", "required"]),
    "a tighter pattern": (
        changed(code=(Annotated[str, Field(pattern="^[a-k]+$", max_length=8)], ...)),
        ["format"],
    ),
    "a looser pattern": (changed(code=(Annotated[str, Field(max_length=8)], ...)), ["format"]),
    "another format": (changed(case=(str, ...)), ["format"]),
    "a shorter text": (
        changed(code=(Annotated[str, Field(pattern="^[a-z]+$", max_length=7)], ...)),
        ["bounds"],
    ),
    "a longer text": (
        changed(code=(Annotated[str, Field(pattern="^[a-z]+$", max_length=9)], ...)),
        ["bounds"],
    ),
    "a tighter minimum": (changed(area=(Annotated[int, Field(ge=1, le=9)] | None, None)), ["bounds"]),
    "a tighter maximum": (changed(area=(Annotated[int, Field(ge=0, le=8)] | None, None)), ["bounds"]),
    "no maximum": (changed(area=(Annotated[int, Field(ge=0)] | None, None)), ["bounds"]),
    "fewer items": (changed(flags=(Annotated[tuple[Code, ...], Field(max_length=2)], ())), ["bounds"]),
    "null no longer": (changed(area=(Annotated[int, Field(ge=0, le=9)], None)), ["nullability"]),
    "null from now on": (changed(code=(Code | None, ...)), ["nullability"]),
    "another default": (changed(area=(RELEASED["area"][0], 0)), ["default"]),
    "another topic": (schema(RELEASED, topic="linli.cases"), ["topic"]),
    "another subject and key": (schema(RELEASED, subject="code"), ["subject"]),
    "the event removed": ({}, ["type-removed"]),
    "a rule across fields": (
        {TYPE: schema(RELEASED)[TYPE] | {"allOf": [{"required": ["area"]}]}},
        ["rule"],
    ),
    "unknown fields refused": ({TYPE: schema(RELEASED)[TYPE] | {"additionalProperties": False}}, ["rule"]),
}


@pytest.mark.parametrize("current", list(PERMITTED.values()), ids=list(PERMITTED))
def test_a_harmless_change_is_let_through(current: Schemas) -> None:
    assert kinds(current) == []


@pytest.mark.parametrize(("current", "expected"), list(FORBIDDEN.values()), ids=list(FORBIDDEN))
def test_a_breaking_change_is_found(current: Schemas, expected: list[str]) -> None:
    assert sorted(kinds(current)) == sorted(expected)


def test_every_field_of_every_event_is_guarded() -> None:
    current = current_schemas()
    for name, body in current.items():
        for field in body["properties"]:
            kept = {key: part for key, part in body["properties"].items() if key != field}
            found = breaks({name: body}, {name: body | {"properties": kept}})
            assert ("field-removed", name) in {(one.kind, one.type) for one in found}


def test_headers_are_guarded_too() -> None:
    current = current_schemas()
    headers = current["attributes"]
    fewer = {key: part for key, part in headers["properties"].items() if key != "ce_community"}
    (found,) = breaks(current, current | {"attributes": headers | {"properties": fewer}})
    assert "record headers: field ce_community is gone" in found.advice()


def test_the_advice_names_the_next_version() -> None:
    (found,) = breaks(schema(RELEASED), schema(without("code")))
    assert "field code is gone" in found.advice()
    assert "publish linli.issues.issue-tested.v2 beside it" in found.advice()


# -- the command --------------------------------------------------------------------------------------------


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release folder of this test, which the commands use instead of the real one."""
    folder = tmp_path / "released"
    monkeypatch.setattr(command, "RELEASED", folder)
    monkeypatch.setattr(command, "released_schemas", lambda: released_schemas(folder))
    return folder


def test_a_release_is_kept_and_then_promised(released: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(command.commands, ["check"]).exit_code == 0
    assert runner.invoke(command.commands, ["release"]).exit_code == 0
    assert released_schemas(released) == json.loads(json.dumps(current_schemas()))
    assert runner.invoke(command.commands, ["check"]).exit_code == 0


def test_a_broken_promise_fails_check_and_release(released: Path) -> None:
    runner = CliRunner()
    runner.invoke(command.commands, ["release"])
    file = released / "linli.issues.issue-reported.v1.json"
    promised = json.loads(file.read_text(encoding="utf-8"))
    promised["properties"]["mood"] = {"type": "string"}
    file.write_text(json.dumps(promised), encoding="utf-8")
    for name in ("check", "release"):
        result = runner.invoke(command.commands, [name])
        assert result.exit_code == 1
        assert "linli.issues.issue-reported.v1: field mood is gone" in result.output
        assert "publish linli.issues.issue-reported.v2 beside it" in result.output
    assert json.loads(file.read_text(encoding="utf-8")) == promised
