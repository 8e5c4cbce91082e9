"""The checked-in files as an outsider has them: text on disk, no class of ours."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker, ValidationError  # type: ignore[import-untyped]
from jsonschema.validators import extend  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "shared" / "contracts"

Json = dict[str, Any]


def load(kind: str, name: str) -> Any:
    """One generated file: `kind` is its folder."""
    return json.loads((CONTRACTS / kind / f"{name}.json").read_text(encoding="utf-8"))


def types() -> list[str]:
    """All event types that have an example file."""
    return sorted(path.stem for path in (CONTRACTS / "examples").glob("*.json"))


def records() -> Iterator[Json]:
    """Every example record of every type."""
    for name in types():
        yield from load("examples", name)


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    # To JSON Schema (ECMA 262) `$` is the end; to Python it also stands before a last newline.
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Judge = extend(Draft7Validator, {"pattern": _pattern})


def validator(name: str) -> Draft7Validator:
    """An independent validator of one schema, formats included."""
    return _Judge(load("schemas", name), format_checker=FormatChecker())
