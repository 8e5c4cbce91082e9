"""What the volunteers have, for their list."""

from shared.database.migration import execute

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    "CREATE INDEX cases_of_volunteers ON cases (community_id, reported_at, id) WHERE assignee_volunteers",
)


def upgrade() -> None:
    """Create it."""
    execute(STATEMENTS)
