"""How devices' clocks go and when they last stated more; and passes by when they end.

Of a car that comes daily, the passes of earlier days are not read.
"""

from shared.database.migration import execute

revision = "0009"
down_revision = "0008"

# By how much a clock is ahead of ours; the times are wall time.
CLOCKS = """
ALTER TABLE devices
    ADD COLUMN clock_lately interval NOT NULL DEFAULT '0',
    ADD COLUMN clock_before interval NOT NULL DEFAULT '0',
    ADD COLUMN clock_since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN advanced_at timestamptz NOT NULL DEFAULT now()
"""

STATEMENTS = (
    CLOCKS,
    "CREATE INDEX passes_of_car_until ON passes (compound_id, plate, (coalesce(valid_until, 'infinity')))",
    "DROP INDEX passes_of_car",
)


def upgrade() -> None:
    execute(STATEMENTS)
