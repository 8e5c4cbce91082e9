"""Days off and workdays that a community decrees for itself, or that the kept package does not know yet."""

from shared.database.migration import execute

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    # By date: `holiday` or `make-up`.
    "ALTER TABLE calendars ADD COLUMN days jsonb NOT NULL DEFAULT '{}'",
)


def upgrade() -> None:
    """Add them."""
    execute(STATEMENTS)
