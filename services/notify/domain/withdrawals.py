"""What an event makes untrue of what was said on earlier events of the same thing, whichever comes first."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

Thing = tuple[UUID, UUID]
"""A community and the id of its case, violation, task, …"""


class Withdrawal(NamedTuple):
    """By the event `sequence` of a thing, a rule withdraws what the rules `withdraws` said of it before."""

    community: UUID
    about: UUID
    rule: str
    withdraws: tuple[str, ...]
    sequence: int
    event_id: UUID
    event_type: str

    @property
    def thing(self) -> Thing:
        return self.community, self.about


class Withdrawals:
    """The withdrawals known while a chunk is planned: those on record and its own."""

    def __init__(self, known: Iterable[Withdrawal]) -> None:
        self._of: dict[Thing, list[Withdrawal]] = {}
        for each in known:
            self._of.setdefault(each.thing, []).append(each)

    def cover(self, thing: Thing, rule: str, sequence: int) -> bool:
        """Tell whether what a rule says on this event of a thing is already known to be untrue."""
        return any(sequence < each.sequence and rule in each.withdraws for each in self._of.get(thing, ()))


def newest(withdrawals: Iterable[Withdrawal]) -> Mapping[tuple[Thing, str], Withdrawal]:
    """Keep of each thing and withdrawing rule the latest: a statement may touch a row only once."""
    kept: dict[tuple[Thing, str], Withdrawal] = {}
    for each in withdrawals:
        key = each.thing, each.rule
        before = kept.get(key)
        if before is None or before.sequence < each.sequence:
            kept[key] = each
    return kept
