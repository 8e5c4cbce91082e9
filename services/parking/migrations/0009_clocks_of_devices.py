"""Passes by when they end: of a car that comes daily, those of earlier days are not read."""

from shared.database.migration import execute

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    "CREATE INDEX passes_of_car_until ON passes (compound_id, plate, (coalesce(valid_until, 'infinity')))",
    "DROP INDEX passes_of_car",
)


def upgrade() -> None:
    execute(STATEMENTS)
