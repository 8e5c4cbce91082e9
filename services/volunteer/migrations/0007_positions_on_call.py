"""Only those on duty are looked for: the index by cell holds nobody else."""

from shared.database.migration import execute

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    # A hint that keeps the index small; whoever asks looks at the duty itself as well.
    "ALTER TABLE positions ADD COLUMN on_call boolean NOT NULL DEFAULT false",
    "DROP INDEX positions_in_cell",
    "CREATE INDEX positions_on_call ON positions (community_id, cell) WHERE on_call",
    "GRANT UPDATE (on_call) ON positions TO linli_request",
)


def upgrade() -> None:
    execute(STATEMENTS)
