"""What is not closed, by time: open cases of a category, or those in one state, among many that are over."""

from shared.database.migration import execute

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    # New ones come at its end, and few are in it, so that a state or category that is seldom is found within
    # it. One index for both: each costs every report.
    """
    CREATE INDEX cases_not_closed ON cases (community_id, reported_at, id, state, category)
    WHERE state <> 'closed'
    """,
)


def upgrade() -> None:
    """Create the index."""
    execute(STATEMENTS)
