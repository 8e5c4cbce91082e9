"""What is read for the violations of one plate and the overstays of one compound; stays have an index."""

from shared.database.migration import execute

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    "CREATE INDEX violations_of_plate ON violations (community_id, plate, opened_at DESC, id DESC)",
    "CREATE INDEX overstays_of_compound ON overstays (compound_id, raised_at DESC, stay_id DESC)",
)


def upgrade() -> None:
    execute(STATEMENTS)
