"""Duty, skills with their expiry, and each volunteer's last position."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0002"
down_revision = "0001"

DUTIES = """
CREATE TABLE duties (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    volunteer_id uuid NOT NULL REFERENCES volunteers,
    person text NOT NULL,
    kind text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at >= starts_at),
    state text NOT NULL CHECK (state IN ('planned', 'on', 'over', 'cancelled')),
    version bigint NOT NULL
)
"""
SKILLS = """
CREATE TABLE skills (
    volunteer_id uuid NOT NULL REFERENCES volunteers,
    code text NOT NULL,
    community_id uuid NOT NULL,
    valid_until timestamptz,
    granted_at timestamptz NOT NULL,
    granted_by text NOT NULL,
    PRIMARY KEY (volunteer_id, code)
)
"""
POSITIONS = """
CREATE TABLE positions (
    volunteer_id uuid PRIMARY KEY REFERENCES volunteers,
    community_id uuid NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    at timestamptz NOT NULL
)
"""

STATEMENTS = (
    DUTIES,
    "CREATE INDEX duties_live ON duties (volunteer_id, starts_at) WHERE state IN ('planned', 'on')",
    "CREATE INDEX duties_to_begin ON duties (starts_at) WHERE state = 'planned'",
    "CREATE INDEX duties_to_end ON duties (ends_at) WHERE state = 'on'",
    *tenant_policy("duties", privileges="SELECT, INSERT, UPDATE"),
    SKILLS,
    *tenant_policy("skills"),
    POSITIONS,
    "CREATE INDEX positions_by_age ON positions (at)",
    # Positions arrive in batches under the system role; requests only look.
    *tenant_policy("positions", privileges="SELECT"),
)


def upgrade() -> None:
    execute(STATEMENTS)
