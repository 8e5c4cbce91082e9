"""Where cases go is data: categories, dispatch rules and the fallback owner are put and removed."""

from dataclasses import replace
from uuid import UUID

from services.issues.domain.categories import Category
from services.issues.domain.deadline import must_end
from services.issues.domain.dispatch import Rule, Target, WrongRule
from services.issues.domain.grants import GRANTABLE
from services.issues.domain.places import Place
from services.issues.store.places import place_by_id
from services.issues.store.routing import (
    category_by_code,
    delete_rule,
    fallback_of,
    put_category,
    put_rule,
    rule_by_code,
    touch_routing,
    update_fallback,
)
from services.issues.usecases.versions import missing, next_version, tenant
from shared.database.work import Work
from shared.http.etag import matching


async def define_category(work: Work, category: Category, expected: int | None) -> Category:
    """Store a category; cases reported before keep the deadline they were given.

    Raises:
        TooManyMinutes: its deadline lasts for years.
        PreconditionRequired, StaleVersion: see `next_version`.
    """
    must_end(category.deadline_minutes, category.counted)
    await touch_routing(work.connection, tenant(work))
    before = await category_by_code(work.connection, tenant(work), category.code)
    after = replace(category, version=next_version(before.version if before else None, expected))
    await put_category(work.connection, tenant(work), after)
    return after


async def define_rule(work: Work, rule: Rule, expected: int | None) -> Rule:
    """Store a dispatch rule, whose category and places must be there.

    Raises:
        WrongRule: it names what does not exist or cannot be.
        PreconditionRequired, StaleVersion: see `next_version`.
    """
    await touch_routing(work.connection, tenant(work))
    before = await rule_by_code(work.connection, tenant(work), rule.code)
    version = next_version(before.version if before else None, expected)
    if rule.category and await category_by_code(work.connection, tenant(work), rule.category) is None:
        raise WrongRule(f"no category is called {rule.category}")
    depth = -1
    if rule.place is not None:
        depth = len((await _open_place(work, rule.place)).path) - 1
    await check_target(work, rule.target)
    after = replace(rule, depth=depth, version=version)
    await put_rule(work.connection, tenant(work), after)
    return after


async def remove_rule(work: Work, code: str, expected: int) -> Rule:
    """Remove a dispatch rule.

    Raises:
        NotFound, StaleVersion: see there.
    """
    await touch_routing(work.connection, tenant(work))
    before = await rule_by_code(work.connection, tenant(work), code)
    if before is None:
        raise missing("dispatch rule")
    matching(before.version, expected)
    await delete_rule(work.connection, tenant(work), code)
    return before


async def define_fallback(work: Work, target: Target, expected: int) -> tuple[Target, int]:
    """Say who gets what no rule covers.

    Raises:
        WrongRule: it names what does not exist or cannot be.
        StaleVersion: it has changed.
    """
    await touch_routing(work.connection, tenant(work))
    _, version = await fallback_of(work.connection, tenant(work))
    matching(version, expected)
    await check_target(work, target)
    await update_fallback(work.connection, tenant(work), target, version + 1)
    return target, version + 1


async def check_target(work: Work, target: Target) -> None:
    """Let only roles that can be granted, and open places, be named.

    Raises:
        WrongRule: see there.
    """
    if target.role is not None and target.role not in GRANTABLE:
        raise WrongRule(f"{target.role} is not a role that can be granted")
    if target.place is not None:
        await _open_place(work, target.place)


async def _open_place(work: Work, place_id: UUID) -> Place:
    place = await place_by_id(work.connection, tenant(work), place_id)
    if place is None or place.closed_at is not None:
        raise WrongRule(f"no open place has the id {place_id}")
    return place
