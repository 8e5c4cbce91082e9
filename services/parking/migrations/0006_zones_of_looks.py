"""In which zone of its compound a car was seen."""

from shared.database.migration import execute

revision = "0006"
down_revision = "0005"

STATEMENTS = ("ALTER TABLE sightings ADD COLUMN zone text",)


def upgrade() -> None:
    execute(STATEMENTS)
