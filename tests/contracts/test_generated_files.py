"""The checked-in files are what the contracts make, and `check` says so when they are not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.contracts.generation.files import differing_files, expected_files, write_files
from shared.contracts.generation.readme import BEGIN, END, readme_differs, with_table, write_readme
from tests.contracts.checked_in import CONTRACTS, ROOT


def run(*arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_checked_in_files_are_up_to_date() -> None:
    checked = run("-m", "shared.contracts", "check")
    assert checked.returncode == 0, checked.stderr


def test_generation_does_not_depend_on_the_run() -> None:
    program = (
        "from hashlib import sha256; from shared.contracts.generation.files import expected_files\n"
        "print(sha256(repr(expected_files()).encode()).hexdigest())"
    )
    assert run("-c", program, seed="1").stdout == run("-c", program, seed="2").stdout != ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in expected_files():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(CONTRACTS / path, tmp_path / path)
    assert differing_files(tmp_path) == []
    return tmp_path


def test_each_difference_is_told_and_mended(folder: Path) -> None:
    (folder / "schemas" / "attributes.json").unlink()
    (folder / "asyncapi.yaml").write_text("asyncapi: 2.0.0\n", encoding="utf-8")
    (folder / "examples" / "linli.issues.issue-forgotten.v1.json").write_text("[]", encoding="utf-8")
    told = [
        "schemas/attributes.json is missing",
        "asyncapi.yaml is outdated",
        "examples/linli.issues.issue-forgotten.v1.json belongs to no contract",
    ]
    assert differing_files(folder) == told
    assert write_files(folder) == told
    assert differing_files(folder) == []


def test_yaml_holds_no_anchors() -> None:
    text = expected_files()[Path("asyncapi.yaml")]
    aliases = [
        event for event in yaml.parse(text, Loader=yaml.CSafeLoader) if isinstance(event, yaml.AliasEvent)
    ]
    assert not aliases


def test_the_table_is_put_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    assert not readme_differs(page)
    page.write_text(f"before\n{BEGIN}| old |\n{END}after\n", encoding="utf-8")
    assert readme_differs(page)
    assert write_readme(page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}| topic |")
    assert text.endswith(f"|\n{END}after\n")
    assert not write_readme(page)


def test_a_page_without_marks_is_left_alone() -> None:
    assert with_table("no marks\n") == "no marks\n"
    assert with_table(f"only one {BEGIN}") == f"only one {BEGIN}"
