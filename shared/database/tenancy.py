"""Row-level security: the second wall between communities, in the init-plan form.

The form matters: `(select …)` is computed once for each statement, while a bare `current_setting` in an
OR with a system flag made a list of 50 twelve times slower. The store names the community as well.
"""

_TENANT = "community_id = (select nullif(current_setting('app.community', true), '')::uuid)"


def tenant_policy(table: str, *, privileges: str = "SELECT, INSERT, UPDATE, DELETE") -> tuple[str, ...]:
    """Give the SQL that walls off a table with a `community_id`; `privileges` are those of requests."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY request_sees_its_community ON {table} TO linli_request "
        f"USING ({_TENANT}) WITH CHECK ({_TENANT})",
        f"CREATE POLICY system_spans_communities ON {table} TO linli_system USING (true) WITH CHECK (true)",
        f"GRANT {privileges} ON {table} TO linli_request",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO linli_system",
    )


def shared_reading(table: str) -> tuple[str, ...]:
    """Add to a walled table that requests may read rows of no community: the defaults everybody has."""
    return (
        f"CREATE POLICY request_reads_defaults ON {table} FOR SELECT TO linli_request "
        "USING (community_id IS NULL)",
    )


def system_only(table: str) -> tuple[str, ...]:
    """Give the SQL for a table that requests never touch."""
    return (f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO linli_system",)
