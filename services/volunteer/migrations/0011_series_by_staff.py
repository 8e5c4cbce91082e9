"""Of a series it is known whether staff asked for it: everybody else must still be allowed to, each time."""

from shared.database.migration import execute

revision = "0011"
down_revision = "0010"

STATEMENTS = ("ALTER TABLE series ADD COLUMN by_staff boolean NOT NULL DEFAULT true",)


def upgrade() -> None:
    """Add it; of those there are nobody wrote it down, and they go on as before."""
    execute(STATEMENTS)
