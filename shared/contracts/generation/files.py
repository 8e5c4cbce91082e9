"""The generated files: what each must hold, writing them, and telling which differ."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts.attributes import attributes_schema
from shared.contracts.catalogue import published
from shared.contracts.generation.asyncapi import document
from shared.contracts.generation.examples import examples
from shared.contracts.generation.record import record_of
from shared.contracts.generation.schema import schema_of

HERE = Path(__file__).parent.parent
_FOLDERS = ("schemas", "examples")


def current_schemas() -> dict[str, dict[str, Any]]:
    """Every schema by file stem: the events' by type, and `attributes` for the headers."""
    schemas = {name: schema_of(fact) for name, fact in sorted(published().items())}
    return {"attributes": attributes_schema()} | schemas


@cache
def expected_files() -> Mapping[Path, str]:
    """The text of every generated file by its path below the contracts' folder; made once in a process."""
    files = {Path("schemas", f"{name}.json"): as_text(schema) for name, schema in current_schemas().items()}
    for name, found in sorted(examples().items()):
        files[Path("examples", f"{name}.json")] = as_text([record_of(example) for example in found])
    files[Path("asyncapi.yaml")] = document()
    return files


def as_text(content: Any) -> str:
    """JSON as it is checked in: indented, Chinese readable, a newline at the end."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def write_files(folder: Path = HERE) -> list[str]:
    """Brings the generated files up to date; returns what was changed, one line each."""
    changes = differing_files(folder)
    for path, text in expected_files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for path in _orphans(folder):
        path.unlink()
    return changes


def differing_files(folder: Path = HERE) -> list[str]:
    """What in the folder is missing, outdated or no longer generated, one line each."""
    found = []
    for path, text in expected_files().items():
        target = folder / path
        if not target.is_file():
            found.append(f"{path} is missing")
        elif target.read_text(encoding="utf-8") != text:
            found.append(f"{path} is outdated")
    return found + [f"{path.relative_to(folder)} belongs to no contract" for path in _orphans(folder)]


def _orphans(folder: Path) -> list[Path]:
    kept = {folder / path for path in expected_files()}
    present = (path for name in _FOLDERS for path in (folder / name).glob("*.json"))
    return sorted(path for path in present if path not in kept)
