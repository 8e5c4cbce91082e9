"""Cars that must move: kinds, violations, steps taken, every look; and who lives in a household."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0004"
down_revision = "0003"

KINDS = """
CREATE TABLE violation_kinds (
    compound_id uuid NOT NULL,
    kind text NOT NULL,
    version integer NOT NULL,
    community_id uuid NOT NULL,
    enabled boolean NOT NULL,
    steps jsonb NOT NULL,
    effective_from timestamptz NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (compound_id, kind, version)
)
"""

# A violation keeps the steps it was opened with. next_at: when the next step is due; null once there is none,
# so that the index holds only what is pending. kind_version 0 is what ships.
VIOLATIONS = """
CREATE TABLE violations (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    compound_id uuid NOT NULL,
    plate text NOT NULL,
    kind text NOT NULL,
    kind_version integer NOT NULL,
    steps jsonb NOT NULL,
    household_id uuid,
    contact text,
    opened_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    step smallint NOT NULL,
    stepped_at timestamptz NOT NULL,
    asked_until timestamptz,
    next_at timestamptz,
    outcome text CHECK (outcome IN ('moved', 'not-a-violation', 'removed', 'unresolved')),
    cleared_at timestamptz,
    version bigint NOT NULL,
    CHECK ((outcome IS NULL) = (cleared_at IS NULL)),
    CHECK (outcome IS NULL OR next_at IS NULL)
)
"""

# One row for each step taken, whatever restarts: 0 is the first notice.
STEPS = """
CREATE TABLE violation_steps (
    violation_id uuid NOT NULL REFERENCES violations,
    step smallint NOT NULL,
    community_id uuid NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    taken_at timestamptz NOT NULL,
    due_at timestamptz,
    PRIMARY KEY (violation_id, step)
)
"""

# Every look at a car, whoever looked and whatever came of it; none is ever changed. source_id is the device
# and its read, the person, or the task.
SIGHTINGS = """
CREATE TABLE sightings (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    compound_id uuid NOT NULL,
    plate text NOT NULL,
    kind text NOT NULL,
    says text NOT NULL CHECK (says IN ('there', 'moved', 'not-a-violation', 'removed', 'unresolved')),
    seen_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    source text NOT NULL CHECK (source IN ('camera', 'gate', 'person', 'task')),
    source_id text NOT NULL,
    role text,
    evidence text[] NOT NULL,
    violation_id uuid
)
"""

STATEMENTS = (
    KINDS,
    *tenant_policy("violation_kinds", privileges="SELECT, INSERT"),
    VIOLATIONS,
    "CREATE UNIQUE INDEX violations_one_open ON violations (compound_id, plate, kind) WHERE outcome IS NULL",
    "CREATE INDEX violations_due ON violations (next_at) WHERE next_at IS NOT NULL",
    "CREATE INDEX violations_open ON violations (community_id) WHERE outcome IS NULL",
    "CREATE INDEX violations_newest ON violations (community_id, opened_at DESC, id DESC)",
    "CREATE INDEX violations_of_household ON violations (household_id) WHERE household_id IS NOT NULL",
    "CREATE INDEX violations_of_contact ON violations (contact) WHERE contact IS NOT NULL",
    *tenant_policy("violations", privileges="SELECT, INSERT, UPDATE"),
    STEPS,
    *tenant_policy("violation_steps", privileges="SELECT, INSERT"),
    SIGHTINGS,
    "CREATE INDEX sightings_of_violation ON sightings (violation_id, seen_at) WHERE violation_id IS NOT NULL",
    "CREATE INDEX sightings_of_car ON sightings (compound_id, plate, seen_at)",
    *tenant_policy("sightings", privileges="SELECT, INSERT"),
    "ALTER TABLE households ADD COLUMN persons text[] NOT NULL DEFAULT '{}'",
    # Who lives there is in events that were taken up already: they count as new when they are read again.
    "ALTER TABLE households NO FORCE ROW LEVEL SECURITY",
    "UPDATE households SET sequence = 0",
    "ALTER TABLE households FORCE ROW LEVEL SECURITY",
    "CREATE INDEX households_of_person ON households USING gin (persons)",
)


def upgrade() -> None:
    execute(STATEMENTS)
