"""Cases that somebody looks at first: which categories want it."""

from shared.database.migration import execute

revision = "0007"
down_revision = "0006"

STATEMENTS = ("ALTER TABLE categories ADD COLUMN screened boolean NOT NULL DEFAULT false",)


def upgrade() -> None:
    """Add the column."""
    execute(STATEMENTS)
