"""Which rules apply to a chunk of events, and whom each of them asks for."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.notify.domain.audience import NOBODY, Wanted, wanted
from services.notify.domain.rulebook import Entry, Rulebook
from services.notify.domain.rules import Rule
from services.notify.domain.withdrawals import Thing
from shared.contracts import Event


class Ask(NamedTuple):
    """One rule that applies to one event, whom it asks for and spares; nobody, when it only withdraws."""

    event: Event[Any]
    rule: Rule
    template: Entry | None
    whom: Sequence[Wanted]
    spared: Sequence[Wanted]

    @property
    def about(self) -> UUID | None:
        """The id of the thing that the event is of; none when it is a person."""
        subject = self.event.data.__dict__[self.event.data.subject_field]
        return subject if isinstance(subject, UUID) else None

    @property
    def thing(self) -> Thing | None:
        """That thing in its community."""
        about = self.about
        return (self.event.community, about) if about else None


def find_asks(book: Rulebook, events: Sequence[Event[Any]]) -> Iterator[Ask]:
    """Give the rules that apply to events, with whom each asks for."""
    for event in events:
        for rule, template in book.applicable(event.community).get(event.type, ()):
            if rule.matches(event.data):
                whom = [
                    found for each in rule.recipients if (found := wanted(each, event.data)) is not NOBODY
                ]
                if whom or rule.withdraws:
                    spared = [wanted(each, event.data) for each in rule.not_to]
                    yield Ask(event, rule, template, whom, spared)
