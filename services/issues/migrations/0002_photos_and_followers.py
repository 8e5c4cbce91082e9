"""Photos of cases and which categories demand them, followers, and what everybody may see."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    # A row is written before its objects are, and attached in the transaction that shows the photo: an upload
    # that broke off leaves a row that never was attached, by which the sweep finds its objects. `written_at`
    # is wall time, since it serves retention only; `uploaded` is the digest of what was sent.
    """
    CREATE TABLE case_photos (
        id uuid PRIMARY KEY,
        community_id uuid NOT NULL,
        case_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('before', 'after')),
        uploaded bytea NOT NULL,
        bytes integer NOT NULL,
        width integer NOT NULL,
        height integer NOT NULL,
        added_by text,
        added_at timestamptz NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now(),
        attached boolean NOT NULL DEFAULT false,
        public boolean NOT NULL DEFAULT false,
        public_by text,
        removed_at timestamptz,
        removed_by text,
        swept boolean NOT NULL DEFAULT false
    )
    """,
    """
    CREATE UNIQUE INDEX case_photos_shown ON case_photos (community_id, case_id, kind, uploaded)
    WHERE attached AND removed_at IS NULL
    """,
    """
    CREATE INDEX case_photos_to_sweep ON case_photos (written_at)
    WHERE NOT swept AND (NOT attached OR removed_at IS NOT NULL)
    """,
    """
    CREATE TABLE photo_demands (
        community_id uuid NOT NULL,
        category text NOT NULL,
        kinds text[] NOT NULL CHECK (kinds <@ ARRAY['before', 'after']),
        version bigint NOT NULL,
        PRIMARY KEY (community_id, category),
        FOREIGN KEY (community_id, category) REFERENCES categories
    )
    """,
    """
    CREATE TABLE followers (
        case_id uuid NOT NULL,
        community_id uuid NOT NULL,
        person text NOT NULL,
        followed_at timestamptz NOT NULL,
        PRIMARY KEY (case_id, person)
    )
    """,
    "CREATE INDEX followers_of_person ON followers (community_id, person, case_id)",
    # What a community shows everybody; no row is the default: its open cases, without their text.
    """
    CREATE TABLE public_views (
        community_id uuid PRIMARY KEY,
        shown boolean NOT NULL,
        text text NOT NULL CHECK (text IN ('none', 'masked')),
        hidden_categories text[] NOT NULL,
        version bigint NOT NULL
    )
    """,
    *(
        statement
        for table in ("case_photos", "photo_demands", "followers", "public_views")
        for statement in tenant_policy(table)
    ),
)


def upgrade() -> None:
    """Create them."""
    execute(STATEMENTS)
