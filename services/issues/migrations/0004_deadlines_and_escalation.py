"""Working time, escalation and extension of deadlines, and what the lists of cases go by."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0004"
down_revision = "0003"

# Queries repeat these words exactly: only then the planner knows that the partial index holds the answer.
OPEN = "state IN ('reported', 'accepted', 'assigned', 'in-progress')"

WORKING_TIME = (
    """
    ALTER TABLE categories ADD COLUMN counted text NOT NULL DEFAULT 'round-the-clock'
        CHECK (counted IN ('round-the-clock', 'working-hours', 'working-days'))
    """,
    # No row is the default of the rules: Monday to Friday, nine to five, with the holidays of China.
    """
    CREATE TABLE calendars (
        community_id uuid PRIMARY KEY,
        hours jsonb NOT NULL,
        holidays text NOT NULL CHECK (holidays IN ('china', 'none')),
        version bigint NOT NULL
    )
    """,
)

ESCALATION = (
    # An empty category is the ladder of all categories that have none of their own.
    """
    CREATE TABLE escalation_ladders (
        community_id uuid NOT NULL,
        category text NOT NULL,
        levels jsonb NOT NULL,
        version bigint NOT NULL,
        PRIMARY KEY (community_id, category)
    )
    """,
    # `escalates_at` is when to look at the case again: null of what never escalates, imported ones above all.
    # It stays while a case is not open, so that one that is reopened goes on where it was.
    "ALTER TABLE cases ADD COLUMN escalates_at timestamptz, ADD COLUMN escalated smallint NOT NULL DEFAULT 0",
    # Forced row-level security keeps the owner from the rows as well.
    "ALTER TABLE cases NO FORCE ROW LEVEL SECURITY",
    f"UPDATE cases SET escalates_at = due_at WHERE source IS NULL AND {OPEN}",  # noqa: S608
    "ALTER TABLE cases FORCE ROW LEVEL SECURITY",
    f"CREATE INDEX cases_to_escalate ON cases (escalates_at) WHERE escalates_at IS NOT NULL AND {OPEN}",
    # The primary key is the promise that each level is said once.
    """
    CREATE TABLE escalations (
        case_id uuid NOT NULL,
        level smallint NOT NULL CHECK (level BETWEEN 1 AND 9),
        community_id uuid NOT NULL,
        due_at timestamptz NOT NULL,
        escalated_at timestamptz NOT NULL,
        told jsonb NOT NULL,
        PRIMARY KEY (case_id, level)
    )
    """,
)

EXTENSIONS = (
    """
    CREATE TABLE extensions (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        case_id uuid NOT NULL,
        state text NOT NULL CHECK (state IN ('asked', 'approved', 'refused', 'replaced')),
        asked_by text NOT NULL,
        asked_at timestamptz NOT NULL,
        reason text NOT NULL,
        was_due_at timestamptz NOT NULL,
        due_at timestamptz NOT NULL CHECK (due_at > was_due_at),
        decided_by text,
        decided_at timestamptz,
        note text
    )
    """,
    "CREATE UNIQUE INDEX extensions_asked_once ON extensions (case_id) WHERE state = 'asked'",
    "CREATE INDEX extensions_asked ON extensions (community_id, asked_at, id) WHERE state = 'asked'",
)

LISTS = (
    "CREATE INDEX cases_by_position ON cases (community_id, latitude, longitude) WHERE latitude IS NOT NULL",
    f"CREATE INDEX cases_by_due ON cases (community_id, due_at) WHERE {OPEN}",
    """
    CREATE INDEX cases_of_role ON cases (community_id, assignee_role, reported_at, id)
    WHERE assignee_role IS NOT NULL
    """,
    """
    CREATE INDEX cases_of_person ON cases (community_id, assignee_person, reported_at, id)
    WHERE assignee_person IS NOT NULL
    """,
)

STATEMENTS = (
    *(*WORKING_TIME, *ESCALATION, *EXTENSIONS, *LISTS),
    *(
        statement
        for table in ("calendars", "escalation_ladders", "extensions")
        for statement in tenant_policy(table)
    ),
    *tenant_policy("escalations", privileges="SELECT, INSERT"),
    "REVOKE UPDATE, DELETE ON escalations FROM linli_system",
)


def upgrade() -> None:
    """Create them."""
    execute(STATEMENTS)
