"""The versioned data of notify: rules, templates, vocabularies, policies; defaults and a community's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from services.notify.domain.preferences import NO_CUSTOMS, Customs, customs_from
from services.notify.domain.rules import Rule, rule_from


class Kind(StrEnum):
    """What an entry of the rulebook is."""

    RULE = "rule"
    TEMPLATE = "template"
    VOCABULARY = "vocabulary"
    POLICY = "policy"


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
    _applicable: dict[UUID, "Applicable"] = field(default_factory=dict)
    _withdrawable: dict[UUID, frozenset[str]] = field(default_factory=dict)
    _customs: dict[UUID, Customs] = field(default_factory=dict)
    _words: dict[UUID, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

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

    def applicable(self, community: UUID) -> "Applicable":
        """Give a community's enabled rules by type of event, with their templates; compiled once."""
        found = self._applicable.get(community)
        if found is None:
            found = self._applicable[community] = {}
            for entry in self.in_force(community, Kind.RULE):
                rule = rule_from(entry.id, entry.name, entry.content)
                if rule.enabled:
                    template = self.find(community, Kind.TEMPLATE, rule.template) if rule.template else None
                    found[rule.event] = (*found.get(rule.event, ()), (rule, template))
        return found

    def withdrawable(self, community: UUID) -> frozenset[str]:
        """Name the rules whose messages an enabled rule of the community may withdraw."""
        found = self._withdrawable.get(community)
        if found is None:
            rules = (rule for pairs in self.applicable(community).values() for rule, _ in pairs)
            found = frozenset(name for rule in rules for name in rule.withdraws)
            self._withdrawable[community] = found
        return found

    def categories(self, community: UUID) -> list[str]:
        """Name the categories of which the community's enabled rules tell somebody something."""
        rules = (rule for pairs in self.applicable(community).values() for rule, _ in pairs)
        return sorted({rule.category for rule in rules if rule.recipients})

    def customs(self, community: UUID) -> Customs:
        """Give a community's quiet hours and what nobody can decline."""
        found = self._customs.get(community)
        if found is None:
            entry = self.find(community, Kind.POLICY, CUSTOMS)
            found = self._customs[community] = customs_from(entry.content) if entry else NO_CUSTOMS
        return found

    def words(self, community: UUID) -> Mapping[str, Mapping[str, Any]]:
        """Give a community's vocabularies by name."""
        found = self._words.get(community)
        if found is None:
            entries = self.in_force(community, Kind.VOCABULARY)
            found = self._words[community] = {entry.name: entry.content for entry in entries}
        return found


CUSTOMS = "preferences"
"""The name of the policy that holds a community's customs."""

Applicable = dict[str, tuple[tuple[Rule, Entry | None], ...]]
"""Rules with their templates, by type of event."""


def newest(entries: Iterable[Entry]) -> list[Entry]:
    """Keep of each name the highest version, for the defaults and for each community apart."""
    kept: dict[tuple[UUID | None, Kind, str], Entry] = {}
    for entry in entries:
        key = entry.community, entry.kind, entry.name
        if key not in kept or kept[key].version < entry.version:
            kept[key] = entry
    return list(kept.values())
