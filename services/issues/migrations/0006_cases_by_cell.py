"""Cases by where they are on a grid and then by time, so that the newest of an area are read in order."""

from shared.database.migration import execute

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    "DROP INDEX cases_by_position",
    # About half a kilometre a side, numbered from the south-west, 72,000 to a row. A column, since row-level
    # security lets an index be searched by no expression that could fail.
    """
    ALTER TABLE cases ADD COLUMN cell bigint GENERATED ALWAYS AS
        (floor((latitude + 90) * 200)::bigint * 72000 + floor((longitude + 180) * 200)::bigint) STORED
    """,
    # The position itself is in it too: what is in a cell and not in the box is passed over within the index.
    """
    CREATE INDEX cases_by_cell ON cases (community_id, cell, reported_at, id, latitude, longitude)
    WHERE cell IS NOT NULL
    """,
)


def upgrade() -> None:
    """Change the index."""
    execute(STATEMENTS)
