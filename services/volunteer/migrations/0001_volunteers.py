"""The first table: volunteers with their consent."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy
from shared.http.idempotency import IDEMPOTENCY_TABLE
from shared.messaging.tables import MESSAGING_TABLES

revision = "0001"
down_revision = None

VOLUNTEERS = """
CREATE TABLE volunteers (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    person text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL CHECK (state IN ('applied', 'active', 'suspended', 'left')),
    consent_text text NOT NULL,
    consented_at timestamptz NOT NULL,
    registered_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    version bigint NOT NULL
)
"""

STATEMENTS = (
    *MESSAGING_TABLES,
    *IDEMPOTENCY_TABLE,
    VOLUNTEERS,
    # Who left may come back as a new entry, with a consent of its own.
    "CREATE UNIQUE INDEX volunteers_here ON volunteers (community_id, person, kind) WHERE state <> 'left'",
    "CREATE INDEX volunteers_newest ON volunteers (community_id, id DESC)",
    *tenant_policy("volunteers", privileges="SELECT, INSERT, UPDATE"),
)


def upgrade() -> None:
    execute(STATEMENTS)
