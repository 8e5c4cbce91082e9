"""A case is first looked at when due, by the index of what is due: a report goes into one index less."""

from shared.database.migration import execute

revision = "0012"
down_revision = "0011"

# Queries repeat these words exactly: only then the planner knows that the partial index holds the answer.
OPEN = "state IN ('reported', 'accepted', 'assigned', 'in-progress')"

STATEMENTS = (
    "DROP INDEX cases_to_escalate",
    f"CREATE INDEX cases_to_escalate ON cases (escalates_at) WHERE escalates_at <> due_at AND {OPEN}",
)


def upgrade() -> None:
    """Keep in the other index what is to be looked at again."""
    execute(STATEMENTS)
