"""The register, categories and dispatch, cases with their history, and import mappings."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy
from shared.http.idempotency import IDEMPOTENCY_TABLE
from shared.messaging.tables import MESSAGING_TABLES

revision = "0001"
down_revision = None

REGISTER = (
    """
    CREATE TABLE places (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('community', 'compound', 'building', 'unit')),
        path uuid[] NOT NULL CHECK (path[1] = community_id AND path[cardinality(path)] = id),
        code text NOT NULL,
        name text NOT NULL,
        floor_area_cm2 bigint CHECK (floor_area_cm2 IS NULL OR (floor_area_cm2 > 0 AND kind = 'unit')),
        zone text CHECK (zone IS NULL OR kind = 'community'),
        closed_at timestamptz,
        version bigint NOT NULL,
        UNIQUE (community_id, code)
    )
    """,
    "CREATE INDEX places_by_path ON places USING gin (path)",
    "CREATE INDEX places_by_id ON places (community_id, id)",
    """
    CREATE TABLE households (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        code text NOT NULL,
        unit_id uuid NOT NULL REFERENCES places,
        persons text[] NOT NULL,
        ended_at timestamptz,
        version bigint NOT NULL,
        UNIQUE (community_id, code)
    )
    """,
    "CREATE INDEX households_by_id ON households (community_id, id)",
    "CREATE INDEX households_of_unit ON households (unit_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE grants (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        person text NOT NULL,
        role text NOT NULL,
        place_id uuid NOT NULL REFERENCES places,
        granted_at timestamptz NOT NULL,
        revoked_at timestamptz,
        version bigint NOT NULL
    )
    """,
    "CREATE INDEX grants_by_id ON grants (community_id, id)",
    """
    CREATE UNIQUE INDEX grants_open ON grants (community_id, person, role, place_id)
    WHERE revoked_at IS NULL
    """,
)

ROUTING = (
    """
    CREATE TABLE categories (
        community_id uuid NOT NULL,
        code text NOT NULL,
        standard text NOT NULL,
        standard_version text NOT NULL,
        standard_code text NOT NULL,
        name_zh text NOT NULL,
        name_en text NOT NULL,
        priority text NOT NULL CHECK (priority IN ('ordinary', 'urgent')),
        deadline_minutes integer NOT NULL CHECK (deadline_minutes > 0),
        version bigint NOT NULL,
        PRIMARY KEY (community_id, code)
    )
    """,
    """
    CREATE TABLE dispatch_rules (
        community_id uuid NOT NULL,
        code text NOT NULL,
        category text,
        place_id uuid REFERENCES places,
        rank integer NOT NULL,
        target jsonb NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (community_id, code),
        FOREIGN KEY (community_id, category) REFERENCES categories
    )
    """,
    # One row for each community; its version moves with every change of its categories, rules or fallback,
    # so a flush knows by one small read whether the rules it has compiled are still those of the database.
    """
    CREATE TABLE routings (
        community_id uuid PRIMARY KEY,
        version bigint NOT NULL,
        fallback jsonb NOT NULL,
        fallback_version bigint NOT NULL
    )
    """,
)

CASES = (
    # No foreign key to places: each would be checked and locked row by row on the hot path, and the
    # transaction that inserts a case has just read its place.
    """
    CREATE TABLE cases (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        category text NOT NULL,
        place_id uuid,
        latitude double precision,
        longitude double precision,
        priority text NOT NULL,
        state text NOT NULL,
        reporter text,
        description text NOT NULL,
        reported_at timestamptz NOT NULL,
        device_reported_at timestamptz,
        due_at timestamptz,
        resolved_at timestamptz,
        closed_at timestamptz,
        assignee_person text,
        assignee_role text,
        assignee_place uuid,
        assignee_volunteers boolean NOT NULL DEFAULT false,
        outcome text,
        source text,
        external_id text,
        source_digest bytea,
        flags text[] NOT NULL DEFAULT '{}',
        version bigint NOT NULL,
        CHECK ((source IS NULL) = (external_id IS NULL)),
        CHECK ((latitude IS NULL) = (longitude IS NULL))
    )
    """,
    "CREATE INDEX cases_by_time ON cases (community_id, reported_at, id)",
    """
    CREATE INDEX cases_of_reporter ON cases (community_id, reporter, reported_at)
    WHERE reporter IS NOT NULL
    """,
    """
    CREATE UNIQUE INDEX cases_of_source ON cases (community_id, source, external_id)
    WHERE source IS NOT NULL
    """,
    # Append-only: nobody may update or delete.
    """
    CREATE TABLE case_entries (
        case_id uuid NOT NULL,
        version bigint NOT NULL,
        community_id uuid NOT NULL,
        at timestamptz NOT NULL,
        actor text,
        change text NOT NULL,
        note text,
        detail jsonb,
        PRIMARY KEY (case_id, version)
    )
    """,
    """
    CREATE TABLE import_mappings (
        community_id uuid NOT NULL,
        name text NOT NULL,
        definition jsonb NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (community_id, name)
    )
    """,
)

CHANGEABLE = (
    *("places", "households", "grants", "categories", "dispatch_rules", "routings"),
    *("cases", "import_mappings"),
)

STATEMENTS = (
    *REGISTER,
    *ROUTING,
    *CASES,
    *(statement for table in CHANGEABLE for statement in tenant_policy(table)),
    *tenant_policy("case_entries", privileges="SELECT, INSERT"),
    "REVOKE UPDATE, DELETE ON case_entries FROM linli_system",
    *IDEMPOTENCY_TABLE,
    *MESSAGING_TABLES,
)


def upgrade() -> None:
    """Create everything."""
    execute(STATEMENTS)
