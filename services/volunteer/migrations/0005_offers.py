"""Offers, the cells by which volunteers are found, places of the register, what ended elsewhere."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0005"
down_revision = "0004"

OFFERS = """
CREATE TABLE offers (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    task_id uuid NOT NULL REFERENCES tasks,
    volunteer_id uuid NOT NULL,
    person text NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'declined', 'expired', 'superseded')),
    metres integer,
    offered_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > offered_at),
    ended_at timestamptz
)
"""
# Everybody's own projection: upserts by sequence, from the register's topic.
PLACES = """
CREATE TABLE places (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    kind text NOT NULL,
    parent_id uuid,
    sequence bigint NOT NULL
)
"""
ENDINGS = """
CREATE TABLE endings (
    thing_id uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    at timestamptz NOT NULL
)
"""

STATEMENTS = (
    OFFERS,
    # One question at a time: nobody's phone asks two things at once, however many tasks there are.
    "CREATE UNIQUE INDEX offers_open ON offers (community_id, person) WHERE state = 'offered'",
    "CREATE INDEX offers_of_task ON offers (task_id)",
    "CREATE INDEX offers_of_person ON offers (community_id, person, offered_at DESC, id DESC)",
    *tenant_policy("offers", privileges="SELECT, UPDATE"),
    PLACES,
    "CREATE INDEX places_of_parent ON places (parent_id)",
    *tenant_policy("places", privileges="SELECT"),
    ENDINGS,
    "CREATE INDEX endings_by_age ON endings (at)",
    *tenant_policy("endings", privileges="SELECT"),
    "ALTER TABLE volunteers ADD COLUMN home_place_id uuid",
    "CREATE INDEX volunteers_at_home ON volunteers (community_id, home_place_id) "
    "WHERE state = 'active' AND home_place_id IS NOT NULL",
    # What is open is looked at once; the default is for those rows alone.
    "ALTER TABLE tasks ADD COLUMN offer_at timestamptz DEFAULT '2000-01-01T00:00Z'",
    "ALTER TABLE tasks ALTER COLUMN offer_at DROP DEFAULT",
    "CREATE INDEX tasks_to_offer ON tasks (offer_at) WHERE state = 'open'",
    "CREATE INDEX claims_by_time ON claims (community_id, person, starts_at) "
    "WHERE state IN ('claimed', 'checked-in', 'reported', 'confirmed')",
    # A phone that says where it is within the same cell changes no index; BRIN alone permits that.
    "ALTER TABLE positions ADD COLUMN cell bigint",
    "ALTER TABLE positions SET (fillfactor = 70)",
    "CREATE INDEX positions_in_cell ON positions (community_id, cell)",
    "DROP INDEX positions_by_age",
    "CREATE INDEX positions_by_age ON positions USING brin (at)",
)


def upgrade() -> None:
    execute(STATEMENTS)
