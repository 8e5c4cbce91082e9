"""The first tables: households as the register tells of them, and their vehicles."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy
from shared.http.idempotency import IDEMPOTENCY_TABLE
from shared.messaging.tables import MESSAGING_TABLES

revision = "0001"
down_revision = None

HOUSEHOLDS = """
CREATE TABLE households (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    ended boolean NOT NULL,
    sequence bigint NOT NULL
)
"""

# No foreign key to households: that is another service's truth, and a projection may be built anew.
VEHICLES = """
CREATE TABLE vehicles (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    household_id uuid NOT NULL,
    plate_given text NOT NULL,
    plate text NOT NULL,
    plate_kind text NOT NULL,
    plate_suggestion text,
    index integer NOT NULL CHECK (index > 0),
    valid_from timestamptz NOT NULL,
    registered_at timestamptz NOT NULL,
    version bigint NOT NULL,
    UNIQUE (community_id, plate),
    UNIQUE (household_id, index)
)
"""

STATEMENTS = (
    *MESSAGING_TABLES,
    *IDEMPOTENCY_TABLE,
    HOUSEHOLDS,
    *tenant_policy("households", privileges="SELECT"),
    VEHICLES,
    "CREATE INDEX vehicles_newest ON vehicles (community_id, id DESC)",
    *tenant_policy("vehicles", privileges="SELECT, INSERT, UPDATE"),
)


def upgrade() -> None:
    execute(STATEMENTS)
