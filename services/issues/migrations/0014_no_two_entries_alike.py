"""Indexes that hold a case's id have no two entries alike, so looking for such on a full page finds none."""

from shared.database.migration import execute

revision = "0014"
down_revision = "0013"

INDEXES = (
    *("cases_by_time", "cases_not_closed", "cases_by_cell"),
    *("cases_of_role", "cases_of_person", "cases_of_volunteers"),
)
STATEMENTS = tuple(f"ALTER INDEX {name} SET (deduplicate_items = off)" for name in INDEXES)


def upgrade() -> None:
    """Leave it out; deadlines by working time are alike, so the others keep it."""
    execute(STATEMENTS)
