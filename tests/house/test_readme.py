"""What the root README names is there: files, commands and variables."""

import re
from pathlib import Path

import pytest

from shared.contracts.generation.readme import BEGIN, END

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_a_linked_file_exists(target: str) -> None:
    assert (REPOSITORY / target).exists()


def test_every_named_target_is_in_the_makefile() -> None:
    named = set(re.findall(r"`?make ([a-z]+)", README))
    assert named <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_variable_is_read_somewhere() -> None:
    table = README.split("## Environment")[1]
    code = "".join(
        path.read_text(encoding="utf-8").upper()
        for folder in ("services", "shared", "deploy")
        for path in (REPOSITORY / folder).rglob("*.py")
    )
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", table)) - {"ISSUES_DATABASE_URL"}
    assert len(named) > 20
    assert [name for name in sorted(named) if name not in code] == []


def test_it_is_one_page() -> None:
    before, _, rest = README.partition(BEGIN)
    _, _, after = rest.partition(END)  # the table of events grows with the services
    assert len((before + after).splitlines()) <= 125
