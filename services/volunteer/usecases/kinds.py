"""Kinds of tasks: what ships, and what a community has made of it."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from services.volunteer.domain.kind import KindRules, rules_from
from services.volunteer.store import kinds
from services.volunteer.store.kinds import StoredKind
from shared.database.work import Connection, Work
from shared.errors import Invalid

SHIPPED = Path(__file__).parent.parent / "kinds" / "default.yaml"
CASE_KIND = "look-after-case"
VIOLATION_KIND = "look-after-violation"


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, dict[str, Any]]:
    """The kinds every community begins with."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(SHIPPED.read_text("utf-8"))
    return found


async def kinds_of(connection: Connection, community: UUID) -> dict[str, StoredKind]:
    """The kinds in force, by code."""
    own = {kind.code: kind for kind in await kinds.current(connection, community)}
    return {code: StoredKind(code, 0, rules, None, None) for code, rules in shipped().items()} | own


async def rules_of(connection: Connection, community: UUID, code: str) -> KindRules:
    """The rules of one kind; raises Invalid for one that does not exist."""
    found = (await kinds_of(connection, community)).get(code)
    if found is None:
        raise Invalid(f"there is no kind of task called {code}")
    return rules_from(found.rules)


async def kind_for(
    connection: Connection, community: UUID, category: str, otherwise: str
) -> tuple[str, KindRules]:
    """The kind that another service's thing of this category becomes."""
    found = await kinds_of(connection, community)
    named = (kind for kind in found.values() if category in kind.rules.get("categories", ()))
    kind = next(named, found[otherwise])
    return kind.code, rules_from(kind.rules)


async def publish_kind(work: Work, community: UUID, code: str, rules: dict[str, Any]) -> StoredKind:
    """Adds a version; tasks that are open keep the rules they have. Raises WrongKindError."""
    rules_from(rules).checked(from_events=code in {CASE_KIND, VIOLATION_KIND})
    version = await kinds.add(work.connection, community, code, rules, work.now, work.actor)
    return StoredKind(code, version, rules, work.now, work.actor)
