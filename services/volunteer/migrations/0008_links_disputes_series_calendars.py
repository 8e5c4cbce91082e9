"""Relatives' links, disputes, photos of reports, series of tasks with their exceptions, calendar feeds."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0008"
down_revision = "0007"

# Of a secret only its digest is kept: who reads the database cannot open a link or a feed.
LINKS = """
CREATE TABLE links (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    task_id uuid NOT NULL REFERENCES tasks,
    digest bytea NOT NULL UNIQUE,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    answer text CHECK (answer IN ('confirmed', 'disputed')),
    answered_at timestamptz
)
"""
DISPUTES = """
CREATE TABLE disputes (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    task_id uuid NOT NULL REFERENCES tasks,
    by_role text NOT NULL CHECK (by_role IN ('helped', 'family', 'volunteer', 'staff')),
    person text,
    reason text NOT NULL,
    disputed_at timestamptz NOT NULL,
    decision text CHECK (decision IN ('stands', 'struck', 'corrected')),
    decided_at timestamptz,
    decided_by text,
    UNIQUE (task_id, by_role)
)
"""
# The rule works in local time, so that nine o'clock stays nine o'clock whatever the clocks do.
SERIES = """
CREATE TABLE series (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    kind text NOT NULL,
    beneficiary_id uuid REFERENCES beneficiaries,
    place_id uuid,
    latitude double precision,
    longitude double precision,
    minutes integer,
    weight_kg integer,
    floor integer,
    lift boolean,
    window_minutes integer NOT NULL CHECK (window_minutes > 0),
    rule text NOT NULL,
    zone text NOT NULL,
    first_local timestamp NOT NULL,
    ahead_hours integer NOT NULL CHECK (ahead_hours > 0),
    asked_by text NOT NULL,
    made_at timestamptz NOT NULL,
    next_at timestamptz,
    open_at timestamptz,
    ended_at timestamptz,
    version bigint NOT NULL
)
"""
# One row for each time that has become a task, or that will not: nothing is opened twice.
OCCURRENCES = """
CREATE TABLE occurrences (
    series_id uuid NOT NULL REFERENCES series,
    starts_at timestamptz NOT NULL,
    community_id uuid NOT NULL,
    task_id uuid UNIQUE REFERENCES tasks DEFERRABLE INITIALLY DEFERRED,
    excepted_by text,
    excepted_at timestamptz,
    PRIMARY KEY (series_id, starts_at)
)
"""
FEEDS = """
CREATE TABLE calendar_feeds (
    volunteer_id uuid PRIMARY KEY REFERENCES volunteers,
    community_id uuid NOT NULL,
    digest bytea NOT NULL UNIQUE,
    made_at timestamptz NOT NULL
)
"""

STATEMENTS = (
    LINKS,
    "CREATE INDEX links_of_task ON links (task_id)",
    "CREATE INDEX links_by_age ON links (expires_at)",
    *tenant_policy("links", privileges="SELECT, INSERT, UPDATE"),
    DISPUTES,
    "CREATE UNIQUE INDEX disputes_open ON disputes (task_id) WHERE decision IS NULL",
    "CREATE INDEX disputes_newest ON disputes (community_id, id DESC)",
    *tenant_policy("disputes", privileges="SELECT, INSERT, UPDATE"),
    "ALTER TABLE claims ADD COLUMN evidence text[] NOT NULL DEFAULT '{}'",
    "CREATE INDEX hours_of_task ON hours (task_id)",
    SERIES,
    "CREATE INDEX series_newest ON series (community_id, id DESC)",
    "CREATE INDEX series_to_open ON series (open_at) WHERE open_at IS NOT NULL",
    *tenant_policy("series", privileges="SELECT, INSERT, UPDATE"),
    OCCURRENCES,
    *tenant_policy("occurrences", privileges="SELECT, INSERT, UPDATE"),
    FEEDS,
    *tenant_policy("calendar_feeds"),
)


def upgrade() -> None:
    """Add them."""
    execute(STATEMENTS)
