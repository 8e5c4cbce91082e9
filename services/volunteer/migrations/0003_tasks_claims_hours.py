"""Kinds, the people who are helped, tasks with their places, claims, looks, and the ledger of hours."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0003"
down_revision = "0002"

KINDS = """
CREATE TABLE task_kinds (
    community_id uuid NOT NULL,
    code text NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    PRIMARY KEY (community_id, code, version)
)
"""
BENEFICIARIES = """
CREATE TABLE beneficiaries (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    person text,
    family text[] NOT NULL,
    surname text NOT NULL,
    honorific text NOT NULL,
    building text NOT NULL,
    door text NOT NULL,
    care_note text,
    entry_hint text,
    never_alone boolean NOT NULL,
    place_id uuid,
    latitude double precision,
    longitude double precision,
    version bigint NOT NULL
)
"""
TASKS = """
CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    kind text NOT NULL,
    rules jsonb NOT NULL,
    minutes integer NOT NULL,
    weight_kg integer,
    floor integer,
    lift boolean,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    places integer NOT NULL CHECK (places > 0),
    two_persons boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    look_at timestamptz,
    beneficiary_id uuid REFERENCES beneficiaries,
    family text[] NOT NULL,
    asked_by text,
    about_type text,
    about_id uuid,
    source_event uuid UNIQUE,
    place_id uuid,
    latitude double precision,
    longitude double precision,
    code text,
    code_failures integer NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'completed', 'expired')),
    outcome text,
    ended_at timestamptz,
    version bigint NOT NULL
)
"""
# One row for each place: a claim is what it says, and there is nothing else to count.
PLACES = """
CREATE TABLE task_places (
    task_id uuid NOT NULL REFERENCES tasks,
    number integer NOT NULL,
    community_id uuid NOT NULL,
    claim_id uuid UNIQUE,
    PRIMARY KEY (task_id, number)
)
"""
# The server has no btree_gist, hence a person as a range of one number, their hash. Two persons of one
# community with the same 64 bits could not promise the same time: that is all a collision would do.
CLAIMS = """
CREATE TABLE claims (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    task_id uuid NOT NULL REFERENCES tasks,
    number integer NOT NULL,
    volunteer_id uuid NOT NULL REFERENCES volunteers,
    person text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    claimed_at timestamptz NOT NULL,
    state text NOT NULL,
    checked_in_at timestamptz,
    at_place boolean NOT NULL,
    reported_at timestamptz,
    outcome text,
    note text,
    ended_at timestamptz,
    late boolean NOT NULL,
    who bigint GENERATED ALWAYS AS (hashtextextended(community_id::text || ' ' || person, 0)) STORED,
    CONSTRAINT one_place_at_a_time EXCLUDE USING gist (
        int8range(who, who, '[]') WITH &&, tstzrange(starts_at, ends_at, '[)') WITH &&
    ) WHERE (state IN ('claimed', 'checked-in'))
)
"""
WAITING = """
CREATE TABLE waiting (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id uuid NOT NULL,
    task_id uuid NOT NULL REFERENCES tasks,
    volunteer_id uuid NOT NULL REFERENCES volunteers,
    person text NOT NULL,
    at timestamptz,
    joined_at timestamptz NOT NULL,
    UNIQUE (task_id, person)
)
"""
LOOKS = """
CREATE TABLE looks (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    beneficiary_id uuid NOT NULL REFERENCES beneficiaries,
    task_id uuid,
    claim_id uuid,
    person text NOT NULL,
    stage text NOT NULL,
    at timestamptz NOT NULL
)
"""
HOURS = """
CREATE TABLE hours (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    volunteer_id uuid NOT NULL REFERENCES volunteers,
    person text NOT NULL,
    minutes integer NOT NULL CHECK (minutes <> 0),
    reason text NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    grade text,
    task_id uuid,
    claim_id uuid UNIQUE,
    corrects uuid UNIQUE REFERENCES hours
)
"""
NEVER_CHANGED = """
CREATE FUNCTION hours_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''hours are corrected by counter-entries''; END'
"""

STATEMENTS = (
    KINDS,
    *tenant_policy("task_kinds", privileges="SELECT, INSERT"),
    BENEFICIARIES,
    "CREATE INDEX beneficiaries_newest ON beneficiaries (community_id, id DESC)",
    *tenant_policy("beneficiaries", privileges="SELECT, INSERT, UPDATE"),
    TASKS,
    "CREATE INDEX tasks_newest ON tasks (community_id, id DESC)",
    "CREATE INDEX tasks_open ON tasks (community_id, id DESC) WHERE state = 'open'",
    "CREATE INDEX tasks_to_look_at ON tasks (look_at) WHERE state = 'open'",
    "CREATE INDEX tasks_of_beneficiary ON tasks (beneficiary_id)",
    *tenant_policy("tasks", privileges="SELECT, INSERT, UPDATE"),
    PLACES,
    *tenant_policy("task_places", privileges="SELECT, INSERT, UPDATE"),
    CLAIMS,
    "CREATE UNIQUE INDEX claims_place ON claims (task_id, number) "
    "WHERE state IN ('claimed', 'checked-in', 'reported', 'confirmed')",
    "CREATE UNIQUE INDEX claims_person ON claims (task_id, person) "
    "WHERE state IN ('claimed', 'checked-in', 'reported', 'confirmed')",
    "CREATE INDEX claims_of_person ON claims (community_id, person, id DESC)",
    *tenant_policy("claims", privileges="SELECT, INSERT, UPDATE"),
    WAITING,
    *tenant_policy("waiting", privileges="SELECT, INSERT, DELETE"),
    LOOKS,
    "CREATE INDEX looks_newest ON looks (beneficiary_id, id DESC)",
    *tenant_policy("looks", privileges="SELECT, INSERT"),
    HOURS,
    "CREATE INDEX hours_of_volunteer ON hours (volunteer_id, id)",
    *tenant_policy("hours", privileges="SELECT, INSERT"),
    NEVER_CHANGED,
    "CREATE TRIGGER hours_stay BEFORE UPDATE OR DELETE ON hours "
    "FOR EACH ROW EXECUTE FUNCTION hours_are_never_changed()",
)


def upgrade() -> None:
    execute(STATEMENTS)
