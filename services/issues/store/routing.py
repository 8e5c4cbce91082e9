"""Categories, dispatch rules and fallback owners in the database."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.issues.domain.categories import Category, Priority
from services.issues.domain.deadline import Counted
from services.issues.domain.dispatch import Routing, Rule, Target
from services.issues.store.calendars import community_time
from services.issues.store.targets import target_as_data, target_from_data
from shared.database.work import Connection

_CATEGORY = """
    code, standard, standard_version, standard_code, name_zh, name_en, priority, deadline_minutes, version,
    counted, check_needed, reopen_days, screened
"""
_RULE = """
    SELECT rule.code, rule.category, rule.place_id, coalesce(cardinality(places.path) - 1, -1) AS depth,
           rule.rank, rule.target, rule.version
    FROM dispatch_rules AS rule LEFT JOIN places ON places.id = rule.place_id
    WHERE rule.community_id = $1
"""


async def insert_routing(connection: Connection, community: UUID, fallback: Target) -> None:
    """Begin a community's routing: no categories, no rules, one fallback owner."""
    await connection.execute(
        "INSERT INTO routings (community_id, version, fallback, fallback_version) VALUES ($1, 1, $2, 1)",
        community,
        target_as_data(fallback),
    )


async def touch_routing(connection: Connection, community: UUID) -> None:
    """Say that the routing changes; whoever else changes it waits until this transaction ends."""
    await connection.execute("UPDATE routings SET version = version + 1 WHERE community_id = $1", community)


async def routing_versions(
    connection: Connection, communities: Sequence[UUID], *, held: bool = False
) -> dict[UUID, int]:
    """Tell the versions of the routings; whoever changes one that is `held` waits for this transaction."""
    query = "SELECT community_id, version FROM routings WHERE community_id = ANY($1)"
    rows = await connection.fetch(query + (" ORDER BY 1 FOR SHARE" if held else ""), communities)
    return {row["community_id"]: row["version"] for row in rows}


async def read_routing(connection: Connection, community: UUID) -> Routing:
    """Read everything that decides where a community's cases go."""
    head = await connection.fetchrow(
        "SELECT version, fallback FROM routings WHERE community_id = $1", community
    )
    if head is None:
        raise LookupError(f"no routing for community {community}")
    categories = await list_categories(connection, community, None, None)
    rules = await list_rules(connection, community, None, None)
    return Routing(
        head["version"],
        {category.code: category for category in categories},
        target_from_data(head["fallback"]),
        tuple(rules),
        await community_time(connection, community),
    )


async def fallback_of(connection: Connection, community: UUID) -> tuple[Target, int]:
    """Read the fallback owner and its version."""
    row = await connection.fetchrow(
        "SELECT fallback, fallback_version FROM routings WHERE community_id = $1", community
    )
    if row is None:
        raise LookupError(f"no routing for community {community}")
    return target_from_data(row["fallback"]), row["fallback_version"]


async def update_fallback(connection: Connection, community: UUID, target: Target, version: int) -> None:
    """Store another fallback owner."""
    await connection.execute(
        "UPDATE routings SET fallback = $2, fallback_version = $3 WHERE community_id = $1",
        community,
        target_as_data(target),
        version,
    )


async def category_by_code(connection: Connection, community: UUID, code: str) -> Category | None:
    """Find one category."""
    row = await connection.fetchrow(
        f"SELECT {_CATEGORY} FROM categories WHERE community_id = $1 AND code = $2",  # noqa: S608
        community,
        code,
    )
    return None if row is None else _category(row)


async def list_categories(
    connection: Connection, community: UUID, after: str | None, limit: int | None
) -> list[Category]:
    """List categories in order of their codes."""
    rows = await connection.fetch(
        f"""
        SELECT {_CATEGORY} FROM categories WHERE community_id = $1 AND ($2::text IS NULL OR code > $2)
        ORDER BY code LIMIT $3
        """,  # noqa: S608
        community,
        after,
        limit,
    )
    return [_category(row) for row in rows]


async def put_category(connection: Connection, community: UUID, category: Category) -> None:
    """Store a category, new or changed."""
    await connection.execute(
        f"""
        INSERT INTO categories (community_id, {_CATEGORY})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (community_id, code) DO UPDATE SET
            standard = excluded.standard, standard_version = excluded.standard_version,
            standard_code = excluded.standard_code, name_zh = excluded.name_zh, name_en = excluded.name_en,
            priority = excluded.priority, deadline_minutes = excluded.deadline_minutes,
            version = excluded.version, counted = excluded.counted, check_needed = excluded.check_needed,
            reopen_days = excluded.reopen_days, screened = excluded.screened
        """,  # noqa: S608
        community,
        category.code,
        category.standard,
        category.standard_version,
        category.standard_code,
        category.name_zh,
        category.name_en,
        category.priority,
        category.deadline_minutes,
        category.version,
        category.counted,
        category.check_needed,
        category.reopen_days,
        category.screened,
    )


async def rule_by_code(connection: Connection, community: UUID, code: str) -> Rule | None:
    """Find one dispatch rule."""
    row = await connection.fetchrow(f"{_RULE} AND rule.code = $2", community, code)
    return None if row is None else _rule(row)


async def list_rules(
    connection: Connection, community: UUID, after: str | None, limit: int | None
) -> list[Rule]:
    """List dispatch rules in order of their codes."""
    rows = await connection.fetch(
        f"{_RULE} AND ($2::text IS NULL OR rule.code > $2) ORDER BY rule.code LIMIT $3",
        community,
        after,
        limit,
    )
    return [_rule(row) for row in rows]


async def put_rule(connection: Connection, community: UUID, rule: Rule) -> None:
    """Store a dispatch rule, new or changed."""
    await connection.execute(
        """
        INSERT INTO dispatch_rules (community_id, code, category, place_id, rank, target, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (community_id, code) DO UPDATE SET
            category = excluded.category, place_id = excluded.place_id, rank = excluded.rank,
            target = excluded.target, version = excluded.version
        """,
        community,
        rule.code,
        rule.category,
        rule.place,
        rule.rank,
        target_as_data(rule.target),
        rule.version,
    )


async def delete_rule(connection: Connection, community: UUID, code: str) -> None:
    """Remove a dispatch rule."""
    await connection.execute(
        "DELETE FROM dispatch_rules WHERE community_id = $1 AND code = $2", community, code
    )


def _category(row: asyncpg.Record) -> Category:
    return Category(
        code=row["code"],
        standard=row["standard"],
        standard_version=row["standard_version"],
        standard_code=row["standard_code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        priority=Priority(row["priority"]),
        deadline_minutes=row["deadline_minutes"],
        version=row["version"],
        counted=Counted(row["counted"]),
        check_needed=row["check_needed"],
        reopen_days=row["reopen_days"],
        screened=row["screened"],
    )


def _rule(row: asyncpg.Record) -> Rule:
    return Rule(
        code=row["code"],
        category=row["category"],
        place=row["place_id"],
        depth=row["depth"],
        rank=row["rank"],
        target=target_from_data(row["target"]),
        version=row["version"],
    )
