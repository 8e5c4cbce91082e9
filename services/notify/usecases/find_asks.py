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
    """One rule that applies to one event, whom it asks for and spares; nobody, when it only withdraws.

    `about` is the id of the thing that the event is of; none when it is a person.
    """

    event: Event[Any]
    rule: Rule
    template: Entry | None
    about: UUID | None
    whom: Sequence[Wanted]
    spared: Sequence[Wanted]

    @property
    def thing(self) -> Thing | None:
        """That thing in its community."""
        return None if self.about is None else (self.event.community, self.about)


def find_asks(book: Rulebook, events: Sequence[Event[Any]]) -> Iterator[Ask]:
    """Give the rules that apply to events, with whom each asks for."""
    for event in events:
        data = event.data
        subject = data.__dict__[data.subject_field]
        about = subject if isinstance(subject, UUID) else None
        for rule, template in book.applicable(event.community).get(data.event_type, ()):
            if rule.matches(data):
                whom = [found for each in rule.recipients if (found := wanted(each, data)) is not NOBODY]
                if whom or rule.withdraws:
                    spared = [wanted(each, data) for each in rule.not_to]
                    yield Ask(event, rule, template, about, whom, spared)
