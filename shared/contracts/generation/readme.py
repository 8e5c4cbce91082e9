"""The event table inside the root README, between two marks."""

from pathlib import Path

from shared.contracts.catalogue import table

README = Path(__file__).parents[3] / "README.md"
BEGIN = "<!-- events: made by `python -m shared.contracts table` -->\n"
END = "<!-- /events -->\n"


def with_table(text: str) -> str:
    """The page with today's table between its marks; unchanged where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}{table()}{end}{after}" if begin and end else text


def readme_differs(readme: Path = README) -> bool:
    """Whether the page shows another table than the contracts make."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    return with_table(text) != text


def write_readme(readme: Path = README) -> bool:
    """Brings the page up to date; returns whether it had to change."""
    differs = readme_differs(readme)
    if differs:
        readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
    return differs
