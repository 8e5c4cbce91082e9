"""What dispatch decided is read back whole and never searched: kept as it was written, not taken apart."""

from shared.database.migration import execute

revision = "0015"
down_revision = "0014"

STATEMENTS = (
    "DROP VIEW case_history",
    "ALTER TABLE cases ALTER COLUMN dispatched TYPE json",
    """
    CREATE VIEW case_history WITH (security_invoker) AS
    SELECT id AS case_id, beginning.version, community_id, reported_at AS at, actor, change,
           NULL::text AS note, detail
    FROM cases CROSS JOIN LATERAL (
        VALUES (1::bigint, filed_by, 'reported', NULL::jsonb), (2, 'dispatch', 'assigned', dispatched::jsonb)
    ) AS beginning (version, actor, change, detail)
    WHERE source IS NULL AND (beginning.version = 1 OR dispatched IS NOT NULL)
    UNION ALL
    SELECT case_id, version, community_id, at, actor, change, note, detail FROM case_entries
    """,
    "GRANT SELECT ON case_history TO linli_request, linli_system",
)


def upgrade() -> None:
    """Change the column, and the view that shows it."""
    execute(STATEMENTS)
