"""What communities and categories want of a closing."""

from uuid import UUID

from services.issues.domain.closing import ClosingRules
from shared.database.work import Connection


async def closing_rules(connection: Connection, community: UUID) -> ClosingRules:
    """Read what a community wants; where it has said nothing, the defaults, at version 0."""
    row = await connection.fetchrow(
        "SELECT check_needed, reopen_days, version FROM case_rules WHERE community_id = $1", community
    )
    return ClosingRules() if row is None else ClosingRules(**row)


async def closing_rules_for(connection: Connection, community: UUID, category: str) -> ClosingRules:
    """Read what holds for a category."""
    row = await connection.fetchrow(
        "SELECT check_needed, reopen_days FROM categories WHERE community_id = $1 AND code = $2",
        community,
        category,
    )
    rules = await closing_rules(connection, community)
    return rules if row is None else rules.of_category(**row)


async def put_closing_rules(connection: Connection, community: UUID, rules: ClosingRules) -> bool:
    """Store what a community wants; False when somebody else has stored the version before."""
    stored = await connection.fetchval(
        """
        INSERT INTO case_rules (community_id, check_needed, reopen_days, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (community_id) DO UPDATE SET check_needed = excluded.check_needed,
            reopen_days = excluded.reopen_days, version = excluded.version
        WHERE case_rules.version = excluded.version - 1
        RETURNING version
        """,
        community,
        rules.check_needed,
        rules.reopen_days,
        rules.version,
    )
    return stored is not None
