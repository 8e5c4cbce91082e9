"""Claims are found by their task in whatever state, and those that are held by their volunteer."""

from shared.database.migration import execute

revision = "0010"
down_revision = "0009"

STATEMENTS = (
    # The unique indexes by task leave out who gave back, missed it, or was refuted.
    "CREATE INDEX claims_of_task ON claims (task_id)",
    "CREATE INDEX claims_held ON claims (volunteer_id) WHERE state IN ('claimed', 'checked-in')",
)


def upgrade() -> None:
    """Add them."""
    execute(STATEMENTS)
