"""Who took the task to go and look: they may see which car it is, whatever their roles."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0005"
down_revision = "0004"

HELPERS = """
CREATE TABLE violation_helpers (
    violation_id uuid NOT NULL REFERENCES violations,
    person text NOT NULL,
    community_id uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (violation_id, person)
)
"""

STATEMENTS = (
    HELPERS,
    "CREATE INDEX violation_helpers_by_person ON violation_helpers (community_id, person)",
    *tenant_policy("violation_helpers", privileges="SELECT"),
)


def upgrade() -> None:
    execute(STATEMENTS)
