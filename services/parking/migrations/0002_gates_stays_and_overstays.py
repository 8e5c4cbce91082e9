"""Compounds, gates, reads as received, the stays they come to, rules, passes, and what overstayed."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0002"
down_revision = "0001"

# The register's part is guarded by `sequence`, parking's own settings by `version`.
COMPOUNDS = """
CREATE TABLE compounds (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    name text,
    closed boolean NOT NULL DEFAULT false,
    sequence bigint NOT NULL,
    access text NOT NULL DEFAULT 'gated' CHECK (access IN ('gated', 'open')),
    spaces integer CHECK (spaces > 0),
    lateness_seconds integer NOT NULL DEFAULT 300 CHECK (lateness_seconds >= 0),
    silent_seconds integer NOT NULL DEFAULT 600 CHECK (silent_seconds > 0),
    version bigint NOT NULL DEFAULT 1
)
"""

# heard_at is wall time, delivered_up_to business time.
DEVICES = """
CREATE TABLE devices (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    compound_id uuid NOT NULL,
    lane text NOT NULL,
    role text NOT NULL CHECK (role IN ('entry', 'exit', 'patrol')),
    registered_at timestamptz NOT NULL,
    retired_at timestamptz,
    delivered_up_to timestamptz,
    heard_at timestamptz NOT NULL,
    version bigint NOT NULL
)
"""
# A request may write a secret and never read one; devices are resolved under the system role.
DEVICE_KEYS = """
CREATE TABLE device_keys (
    id text PRIMARY KEY,
    community_id uuid NOT NULL,
    device_id uuid NOT NULL REFERENCES devices,
    secret text NOT NULL,
    made_at timestamptz NOT NULL,
    retired_at timestamptz
)
"""
_KEY_RIGHTS = "INSERT, UPDATE (retired_at), SELECT (id, community_id, device_id, made_at, retired_at)"

# `at` is when it is believed to have happened; what the device said stands beside it. No foreign keys here:
# each would be checked row by row on the hot path, and the device was resolved just before.
READS = """
CREATE TABLE reads (
    device_id uuid NOT NULL,
    id text NOT NULL,
    community_id uuid NOT NULL,
    compound_id uuid NOT NULL,
    role text NOT NULL,
    plate_given text NOT NULL,
    plate text NOT NULL,
    plate_kind text NOT NULL,
    plate_suggestion text,
    confidence real,
    captured_at timestamptz NOT NULL,
    sent_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    clamped boolean NOT NULL,
    PRIMARY KEY (device_id, id)
)
"""

# begins_at: the time of the first read, by which a car's stays are ordered. judge_at: the watermark at which
# it must be looked at; null once there is nothing to wait for, so that the index holds only what is pending.
STAYS = """
CREATE TABLE stays (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    compound_id uuid NOT NULL,
    plate text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'exited', 'exit-missed', 'entry-missed')),
    first_device uuid NOT NULL,
    first_read text NOT NULL,
    begins_at timestamptz NOT NULL,
    entered_at timestamptz,
    exited_at timestamptz,
    due_at timestamptz,
    judge_at timestamptz,
    version bigint NOT NULL
)
"""

RULES = """
CREATE TABLE limit_rules (
    compound_id uuid NOT NULL,
    version integer NOT NULL,
    community_id uuid NOT NULL,
    effective_from timestamptz NOT NULL,
    free_minutes integer CHECK (free_minutes >= 0),
    households_exempt boolean NOT NULL,
    passes_exempt boolean NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (compound_id, version)
)
"""

PASSES = """
CREATE TABLE passes (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    compound_id uuid NOT NULL,
    plate text NOT NULL,
    contact text,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    made_by text NOT NULL,
    version bigint NOT NULL,
    CHECK (valid_until IS NULL OR valid_until >= valid_from)
)
"""

OVERSTAYS = """
CREATE TABLE overstays (
    stay_id uuid NOT NULL,
    threshold smallint NOT NULL,
    community_id uuid NOT NULL,
    compound_id uuid NOT NULL,
    plate text NOT NULL,
    due_at timestamptz NOT NULL,
    provisional boolean NOT NULL,
    contact text,
    raised_at timestamptz NOT NULL,
    retracted_at timestamptz,
    PRIMARY KEY (stay_id, threshold)
)
"""

# Cars whose limit may have changed: written with the change, folded anew under the system role.
RECHECKS = """
CREATE TABLE rechecks (
    compound_id uuid NOT NULL,
    plate text NOT NULL,
    community_id uuid NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (compound_id, plate)
)
"""

STATEMENTS = (
    COMPOUNDS,
    "CREATE INDEX compounds_of_community ON compounds (community_id, id)",
    *tenant_policy(
        "compounds", privileges="SELECT, UPDATE (access, spaces, lateness_seconds, silent_seconds, version)"
    ),
    DEVICES,
    "CREATE INDEX devices_of_community ON devices (community_id, id DESC)",
    "CREATE INDEX devices_of_compound ON devices (compound_id)",
    *tenant_policy("devices", privileges="SELECT, INSERT, UPDATE"),
    DEVICE_KEYS,
    "CREATE INDEX device_keys_of_device ON device_keys (device_id)",
    *tenant_policy("device_keys", privileges=_KEY_RIGHTS),
    READS,
    "CREATE INDEX reads_of_car ON reads (compound_id, plate, at) WHERE role <> 'patrol'",
    *tenant_policy("reads", privileges="SELECT"),
    STAYS,
    "CREATE INDEX stays_of_car ON stays (compound_id, plate, begins_at)",
    "CREATE INDEX stays_newest ON stays (community_id, begins_at DESC, id DESC)",
    "CREATE INDEX stays_open ON stays (compound_id) WHERE state = 'open'",
    "CREATE INDEX stays_pending ON stays (compound_id, judge_at) WHERE judge_at IS NOT NULL",
    *tenant_policy("stays", privileges="SELECT"),
    RULES,
    *tenant_policy("limit_rules", privileges="SELECT, INSERT"),
    PASSES,
    "CREATE INDEX passes_of_car ON passes (compound_id, plate)",
    "CREATE INDEX passes_newest ON passes (community_id, id DESC)",
    *tenant_policy("passes", privileges="SELECT, INSERT, UPDATE"),
    OVERSTAYS,
    "CREATE INDEX overstays_newest ON overstays (community_id, raised_at DESC, stay_id DESC)",
    *tenant_policy("overstays", privileges="SELECT"),
    RECHECKS,
    *tenant_policy("rechecks", privileges="SELECT, INSERT, UPDATE"),
)


def upgrade() -> None:
    execute(STATEMENTS)
