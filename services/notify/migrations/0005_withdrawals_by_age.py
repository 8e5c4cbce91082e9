"""Withdrawals by their age, as the inbox has its rows: in a few bytes for each 128 pages."""

from shared.database.migration import execute

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    "DROP INDEX withdrawals_by_time",
    # Only forgetting goes by age, and rows arrive in the order of time: an entry for each cost planning more.
    "CREATE INDEX withdrawals_by_age ON withdrawals USING brin (at)",
)


def upgrade() -> None:
    """Change the index."""
    execute(STATEMENTS)
