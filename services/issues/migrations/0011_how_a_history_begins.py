"""How its history begins is kept in a case's own row, where nobody may change it: one row, not three."""

from shared.database.migration import execute

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    # Who sent it, null when anonymous; and what dispatch decided at once, null where somebody looks first.
    "ALTER TABLE cases ADD COLUMN filed_by text, ADD COLUMN dispatched jsonb",
    # Forced row-level security keeps the owner from the rows as well.
    "ALTER TABLE cases NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE case_entries NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE cases SET filed_by = entry.actor FROM case_entries AS entry
    WHERE entry.case_id = id AND entry.version = 1 AND entry.change = 'reported'
    """,
    """
    UPDATE cases SET dispatched = entry.detail FROM case_entries AS entry
    WHERE entry.case_id = id AND entry.version = 2 AND entry.change = 'assigned' AND entry.actor = 'dispatch'
    """,
    """
    DELETE FROM case_entries
    WHERE (version = 1 AND change = 'reported')
       OR (version = 2 AND change = 'assigned' AND actor = 'dispatch')
    """,
    "ALTER TABLE cases FORCE ROW LEVEL SECURITY",
    "ALTER TABLE case_entries FORCE ROW LEVEL SECURITY",
    # Imported cases begin with an entry of their own: they were here later than they were reported.
    """
    CREATE VIEW case_history WITH (security_invoker) AS
    SELECT id AS case_id, beginning.version, community_id, reported_at AS at, actor, change,
           NULL::text AS note, detail
    FROM cases CROSS JOIN LATERAL (
        VALUES (1::bigint, filed_by, 'reported', NULL::jsonb), (2, 'dispatch', 'assigned', dispatched)
    ) AS beginning (version, actor, change, detail)
    WHERE source IS NULL AND (beginning.version = 1 OR dispatched IS NOT NULL)
    UNION ALL
    SELECT case_id, version, community_id, at, actor, change, note, detail FROM case_entries
    """,
    "GRANT SELECT ON case_history TO linli_request, linli_system",
    # A history is appended to, and nobody rewrites what it begins with.
    "REVOKE UPDATE, DELETE ON cases FROM linli_request, linli_system",
    """
    GRANT UPDATE (
        state, reporter, due_at, resolved_at, closed_at, outcome, version, accepted_at, resolvers, closings,
        assignee_person, assignee_role, assignee_place, assignee_volunteers, assigned_version, reopen_until,
        escalates_at, escalated
    ) ON cases TO linli_request, linli_system
    """,
)


def upgrade() -> None:
    """Move it there, and show both together."""
    execute(STATEMENTS)
