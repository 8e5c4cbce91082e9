"""The versioned data of notify: rules, templates and vocabularies, defaults and a community's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from services.notify.domain.rules import Rule, rule_from


class Kind(StrEnum):
    """What an entry of the rulebook is."""

    RULE = "rule"
    TEMPLATE = "template"
    VOCABULARY = "vocabulary"


@dataclass(frozen=True, slots=True)
class Entry:
    """One immutable version; `community` is None for a default, which holds where a community has no own."""

    id: UUID
    community: UUID | None
    kind: Kind
    name: str
    version: int
    content: Mapping[str, Any]
    published_at: datetime
    published_by: str


@dataclass(frozen=True)
class Rulebook:
    """All entries in force: of each name the newest default, and the newest of each community's own."""

    entries: Sequence[Entry]
    _rules: dict[tuple[UUID, str], tuple[Rule, ...]] = field(default_factory=dict)

    @cached_property
    def _newest(self) -> Mapping[tuple[UUID | None, Kind, str], Entry]:
        return {(entry.community, entry.kind, entry.name): entry for entry in newest(self.entries)}

    @cached_property
    def _names(self) -> Mapping[tuple[UUID | None, Kind], Sequence[str]]:
        names: dict[tuple[UUID | None, Kind], list[str]] = {}
        for community, kind, name in sorted(self._newest, key=lambda key: key[2]):
            names.setdefault((community, kind), []).append(name)
        return names

    def find(self, community: UUID, kind: Kind, name: str) -> Entry | None:
        """Give what is in force in a community: its own version, else the default."""
        return self._newest.get((community, kind, name)) or self._newest.get((None, kind, name))

    def in_force(self, community: UUID, kind: Kind) -> list[Entry]:
        """Give all of a kind that are in force in a community, by name."""
        names = {*self._names.get((None, kind), ()), *self._names.get((community, kind), ())}
        return [entry for name in sorted(names) if (entry := self.find(community, kind, name))]

    def rules_for(self, community: UUID, event: str) -> tuple[Rule, ...]:
        """Give the enabled rules on a type of event, compiled once for each community and type."""
        found = self._rules.get((community, event))
        if found is None:
            entries = [each for each in self.in_force(community, Kind.RULE) if each.content["event"] == event]
            rules = (rule_from(entry.id, entry.name, entry.content) for entry in entries)
            found = tuple(rule for rule in rules if rule.enabled)
            self._rules[community, event] = found
        return found


def newest(entries: Iterable[Entry]) -> list[Entry]:
    """Keep of each name the highest version, for the defaults and for each community apart."""
    kept: dict[tuple[UUID | None, Kind, str], Entry] = {}
    for entry in entries:
        key = entry.community, entry.kind, entry.name
        if key not in kept or kept[key].version < entry.version:
            kept[key] = entry
    return list(kept.values())
