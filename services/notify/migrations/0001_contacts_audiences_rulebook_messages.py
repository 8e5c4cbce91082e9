"""Contacts, audiences from the register, the rulebook, and messages with their attempts and receipts."""

from shared.database.migration import execute
from shared.database.tenancy import shared_reading, tenant_policy
from shared.http.idempotency import IDEMPOTENCY_TABLE
from shared.messaging.tables import MESSAGING_TABLES

revision = "0001"
down_revision = None

CONTACTS = (
    # The only place of numbers: sealed with the key that phone_key names, found by a keyed hash.
    """
    CREATE TABLE contacts (
        community_id uuid NOT NULL,
        person text NOT NULL,
        language text NOT NULL CHECK (language IN ('zh', 'en')),
        phone_sealed bytea,
        phone_key text,
        phone_hash bytea,
        push_token text,
        version bigint NOT NULL DEFAULT 1,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (community_id, person),
        CHECK ((phone_sealed IS NULL) = (phone_key IS NULL)),
        CHECK ((phone_sealed IS NULL) = (phone_hash IS NULL))
    )
    """,
    "CREATE INDEX contacts_by_phone ON contacts (community_id, phone_hash) WHERE phone_hash IS NOT NULL",
    "CREATE INDEX contacts_by_key ON contacts (phone_key) WHERE phone_key IS NOT NULL",
    *tenant_policy("contacts"),
)

# Columns are nullable where a compacted topic may hold nothing but an entity's end.
AUDIENCES = (
    """
    CREATE TABLE places (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        kind text,
        parent_id uuid,
        name text,
        zone text,
        closed boolean NOT NULL DEFAULT false,
        sequence bigint NOT NULL
    )
    """,
    *tenant_policy("places", privileges="SELECT"),
    """
    CREATE TABLE households (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        unit_id uuid,
        persons text[] NOT NULL DEFAULT '{}',
        ended boolean NOT NULL DEFAULT false,
        sequence bigint NOT NULL
    )
    """,
    *tenant_policy("households", privileges="SELECT"),
    """
    CREATE TABLE grants (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        person text NOT NULL,
        role text NOT NULL,
        place_id uuid NOT NULL,
        revoked boolean NOT NULL,
        sequence bigint NOT NULL
    )
    """,
    "CREATE INDEX grants_by_role ON grants (community_id, role, place_id) WHERE NOT revoked",
    *tenant_policy("grants", privileges="SELECT"),
)

RULEBOOK = (
    # Without a community: a default, shipped with the service. Versions are immutable.
    """
    CREATE TABLE rulebook (
        id uuid PRIMARY KEY,
        community_id uuid,
        kind text NOT NULL CHECK (kind IN ('rule', 'template', 'vocabulary')),
        name text NOT NULL,
        version integer NOT NULL,
        content jsonb NOT NULL,
        published_at timestamptz NOT NULL,
        published_by text NOT NULL,
        UNIQUE NULLS NOT DISTINCT (community_id, kind, name, version)
    )
    """,
    *tenant_policy("rulebook", privileges="SELECT, INSERT"),
    *shared_reading("rulebook"),
    # One row: its revision is new after every publication, so that planning knows whether its copy is stale.
    """
    CREATE TABLE rulebook_revision (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        revision uuid NOT NULL,
        edition integer NOT NULL
    )
    """,
    "INSERT INTO rulebook_revision (revision, edition) VALUES (gen_random_uuid(), 0)",
    "GRANT SELECT, UPDATE ON rulebook_revision TO linli_request, linli_system",
)

MESSAGES = (
    # One row for each person and rung; its id derives from the intent, which makes planning repeatable.
    # Times: event, planned, deadline are business time; next_at (due, or the end of a lease) is wall time.
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        intent uuid NOT NULL,
        event_id uuid NOT NULL,
        event_source text NOT NULL,
        event_type text NOT NULL,
        event_time timestamptz NOT NULL,
        about_type text,
        about_id uuid,
        rule_entry uuid NOT NULL,
        template_entry uuid,
        person text NOT NULL,
        category text NOT NULL,
        urgency smallint NOT NULL,
        channel text,
        language text,
        content jsonb,
        segments smallint,
        encoding text,
        state text NOT NULL,
        rank smallint NOT NULL,
        reason text,
        planned_at timestamptz NOT NULL,
        deadline timestamptz NOT NULL,
        next_at timestamptz NOT NULL,
        delay real NOT NULL DEFAULT 0,
        attempts smallint NOT NULL DEFAULT 0,
        traceparent text,
        version bigint NOT NULL DEFAULT 1
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)
    """,
    "CREATE INDEX messages_due ON messages (channel, urgency DESC, next_at) WHERE rank = 0",
    "CREATE INDEX messages_by_time ON messages (community_id, planned_at, id)",
    "CREATE INDEX messages_by_person ON messages (community_id, person, planned_at, id)",
    "CREATE INDEX messages_by_about ON messages (community_id, about_id) WHERE about_id IS NOT NULL",
    *tenant_policy("messages", privileges="SELECT"),
    """
    CREATE TABLE attempts (
        message_id uuid NOT NULL,
        number smallint NOT NULL,
        community_id uuid NOT NULL,
        provider text NOT NULL,
        started_at timestamptz NOT NULL,
        answered_at timestamptz,
        result text,
        code text,
        provider_id text,
        PRIMARY KEY (message_id, number)
    )
    """,
    *tenant_policy("attempts", privileges="SELECT"),
    """
    CREATE TABLE receipts (
        message_id uuid NOT NULL,
        provider_id text NOT NULL,
        status text NOT NULL,
        community_id uuid NOT NULL,
        code text,
        at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (message_id, provider_id, status)
    )
    """,
    *tenant_policy("receipts", privileges="SELECT"),
)

STATEMENTS: tuple[str, ...] = (
    *MESSAGING_TABLES,
    *IDEMPOTENCY_TABLE,
    *CONTACTS,
    *AUDIENCES,
    *RULEBOOK,
    *MESSAGES,
)


def upgrade() -> None:
    """Create everything."""
    execute(STATEMENTS)
