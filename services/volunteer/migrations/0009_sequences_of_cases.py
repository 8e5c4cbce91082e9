"""Of a case of issues it is remembered how much has been heard, so that what is told late changes nothing."""

from shared.database.migration import execute

revision = "0009"
down_revision = "0008"

STATEMENTS = ("ALTER TABLE endings ADD COLUMN sequence bigint",)


def upgrade() -> None:
    """Add it."""
    execute(STATEMENTS)
