"""What a rule says of a case: that the quiet hours of a zone are over."""

from shared.database.migration import execute

revision = "0010"
down_revision = "0009"

STATEMENTS = (
    "ALTER TABLE sightings DROP CONSTRAINT sightings_source_check",
    """
    ALTER TABLE sightings ADD CONSTRAINT sightings_source_check
    CHECK (source IN ('camera', 'gate', 'person', 'task', 'rule'))
    """,
)


def upgrade() -> None:
    execute(STATEMENTS)
