"""What the whole life of a case needs: checks by others, reopening within a period, ratings."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    # `assigned_version`: the version at which the present assignee got the case; dispatch gives it at 2.
    """
    ALTER TABLE cases
        ADD COLUMN accepted_at timestamptz,
        ADD COLUMN assigned_version bigint NOT NULL DEFAULT 2,
        ADD COLUMN resolvers text[] NOT NULL DEFAULT '{}',
        ADD COLUMN closings integer NOT NULL DEFAULT 0,
        ADD COLUMN reopen_until timestamptz
    """,
    # Null is what the community says, and where it says nothing, the default of the rules.
    """
    ALTER TABLE categories
        ADD COLUMN check_needed boolean,
        ADD COLUMN reopen_days integer CHECK (reopen_days BETWEEN 0 AND 366)
    """,
    """
    CREATE TABLE case_rules (
        community_id uuid PRIMARY KEY,
        check_needed boolean NOT NULL,
        reopen_days integer NOT NULL CHECK (reopen_days BETWEEN 0 AND 366),
        version bigint NOT NULL
    )
    """,
    # Append-only, as the history is: what somebody thought of a closing stays what they thought.
    """
    CREATE TABLE case_ratings (
        case_id uuid NOT NULL,
        closing integer NOT NULL,
        community_id uuid NOT NULL,
        stars integer NOT NULL CHECK (stars BETWEEN 1 AND 5),
        words text,
        rated_by text,
        rated_at timestamptz NOT NULL,
        PRIMARY KEY (case_id, closing)
    )
    """,
    *tenant_policy("case_rules"),
    *tenant_policy("case_ratings", privileges="SELECT, INSERT"),
    "REVOKE UPDATE, DELETE ON case_ratings FROM linli_system",
)


def upgrade() -> None:
    """Create them."""
    execute(STATEMENTS)
