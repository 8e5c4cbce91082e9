"""Overstays that only a later rule made of a stay that had ended: recorded, and told to nobody."""

from shared.database.migration import execute

revision = "0008"
down_revision = "0007"

STATEMENTS = ("ALTER TABLE overstays ADD COLUMN told boolean NOT NULL DEFAULT true",)


def upgrade() -> None:
    execute(STATEMENTS)
