"""A task remembers which version of the other service's thing asked for it, and says so at its end."""

from shared.database.migration import execute

revision = "0006"
down_revision = "0005"

STATEMENTS = ("ALTER TABLE tasks ADD COLUMN about_version bigint",)


def upgrade() -> None:
    """Add it."""
    execute(STATEMENTS)
