"""What people wish, messages held until the quiet hours end, withdrawals, and who is on duty."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0002"
down_revision = "0001"

PREFERENCES = (
    # Without times of their own a person keeps the community's quiet hours; equal ones mean never.
    """
    CREATE TABLE preferences (
        community_id uuid NOT NULL,
        person text NOT NULL,
        quiet_from time,
        quiet_until time,
        categories jsonb NOT NULL DEFAULT '{}',
        version bigint NOT NULL DEFAULT 1,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        PRIMARY KEY (community_id, person),
        CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
    )
    """,
    *tenant_policy("preferences"),
    # Quiet hours and what nobody can decline are a community's data, versioned as its rules are.
    "ALTER TABLE rulebook DROP CONSTRAINT rulebook_kind_check",
    "ALTER TABLE rulebook ADD CONSTRAINT rulebook_kind_check "
    "CHECK (kind IN ('rule', 'template', 'vocabulary', 'policy'))",
)

HELD = (
    # Business time. Held messages have a rank of their own, so that the senders' index does not have them.
    "ALTER TABLE messages ADD COLUMN held_until timestamptz",
    "CREATE INDEX messages_held ON messages (held_until) WHERE rank = -1",
    # Who declines a category takes back what is planned of it, under the request's own role.
    "GRANT UPDATE (state, rank, reason, version) ON messages TO linli_request",
)

WITHDRAWALS = (
    "ALTER TABLE messages ADD COLUMN event_sequence bigint NOT NULL DEFAULT 0",
    # What a rule, on an event of a thing, has made untrue: messages by the rules `withdraws` on earlier
    # events of that thing. Kept, since such an event may be processed later. `at` is wall time.
    """
    CREATE TABLE withdrawals (
        community_id uuid NOT NULL,
        about_id uuid NOT NULL,
        rule text NOT NULL,
        withdraws text[] NOT NULL,
        sequence bigint NOT NULL,
        event_id uuid NOT NULL,
        event_type text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (community_id, about_id, rule)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX withdrawals_by_time ON withdrawals (at)",
    *tenant_policy("withdrawals", privileges="SELECT"),
)

DUTY = (
    # Times are missing of a duty of which only the end was read.
    """
    CREATE TABLE duties (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        person text NOT NULL,
        starts_at timestamptz,
        ends_at timestamptz,
        ended boolean NOT NULL,
        sequence bigint NOT NULL
    )
    """,
    "CREATE INDEX duties_by_person ON duties (community_id, person) WHERE NOT ended",
    "CREATE INDEX duties_by_end ON duties (ends_at)",
    *tenant_policy("duties", privileges="SELECT"),
)

STATEMENTS: tuple[str, ...] = (*PREFERENCES, *HELD, *WITHDRAWALS, *DUTY)


def upgrade() -> None:
    """Add what messages wait for, and what takes them back."""
    execute(STATEMENTS)
