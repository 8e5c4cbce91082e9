"""The house's limits over every tracked file, so that its shape does not erode."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAGNETS = {"service", "utils", "helpers", "manager", "common", "models", "misc", "base"}
LONGEST_FILE = 350
LONGEST_FUNCTION = 60
# Where packages were fetched from, and where somebody's checkout lay, is nobody else's business.
# Written in pieces, since this file is tracked too.
FOREIGN = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "files\\.python" + "hosted",
            "repo1?\\.maven\\.(apache|org)",
            r"--(extra-)?index-" + "url",
            r"(?<![\w.])/(work|root|Users)/" + r"\w",
            r"(?<![\w.])/home/" + r"\w",
        ]
    )
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


TRACKED = tracked()
SOURCES = [path for path in TRACKED if path.suffix == ".py"]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(path: Path) -> Iterator[str]:
    """The absolute names of what a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 50


def test_no_file_name_collects_everything() -> None:
    assert [shown(path) for path in TRACKED if path.stem in MAGNETS] == []


def test_no_source_file_is_longer_than_a_reader_holds() -> None:
    lengths = {shown(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert too_long == []


def test_no_file_names_a_package_host_or_a_machine_path() -> None:
    found = []
    for path in TRACKED:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:  # an image, say
            continue
        found += [f"{shown(path)}: {match.group()}" for match in FOREIGN.finditer(text)]
    assert found == []


def test_demo_and_replay_produce_to_no_topic_and_hold_no_database_address() -> None:
    forbidden = re.compile(r"Producer\b|postgres(ql)?://|_DATABASE_")
    found = [
        f"{shown(path)}: {match.group()}"
        for path in SOURCES
        if path.is_relative_to(ROOT / "deploy" / "demo") or path.is_relative_to(ROOT / "deploy" / "replay")
        for match in forbidden.finditer(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "domain", sorted(ROOT.glob("services/*/domain")), ids=lambda path: str(path.parent.name)
)
def test_a_domain_imports_the_standard_library_and_itself(domain: Path) -> None:
    own = ".".join(domain.relative_to(ROOT).parts)
    foreign = [
        f"{shown(path)}: {name}"
        for path in domain.rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith(f"{own}.")
    ]
    assert foreign == []


@pytest.mark.parametrize("domain", sorted(ROOT.glob("services/*/domain")), ids=lambda path: path.parent.name)
def test_a_domain_never_asks_for_the_time_or_makes_ids(domain: Path) -> None:
    asking = re.compile(r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time|uuid[147])\(")
    found = [
        f"{shown(path)}: {match.group()}"
        for path in domain.rglob("*.py")
        for match in asking.finditer(path.read_text("utf-8"))
    ]
    assert found == []
