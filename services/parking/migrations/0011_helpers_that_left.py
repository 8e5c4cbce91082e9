"""Whether somebody still goes to look; guarded by the task's sequence, since events may come in any order."""

from shared.database.migration import execute

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    """
    ALTER TABLE violation_helpers
        ADD COLUMN goes boolean NOT NULL DEFAULT true,
        ADD COLUMN sequence bigint NOT NULL DEFAULT 0
    """,
)


def upgrade() -> None:
    execute(STATEMENTS)
