"""A fact that is said many times and differs in a few values: what all share is checked and written once."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.contracts.fact import Fact, written


class Filled(NamedTuple):
    """A fact made from a draft: written already, it stands in for a `Fact` in an event that is sent."""

    event_type: str
    topic: str
    subject: str
    value: bytes

    def written(self) -> bytes:
        """Give the data as it goes out."""
        return self.value


class Draft:
    """One type of fact with all that is known of it beforehand, and gaps, of which its subject is one.

    A filled gap is not checked, which is what a whole fact costs most for: only ids, times in UTC, and words
    that were checked on their way in belong there. What `example` says in a gap goes out in no event.
    """

    def __init__(self, example: Fact, *gaps: str) -> None:
        known = {name: value for name, value in example.__dict__.items() if name not in gaps}
        self._type, self._topic, self._subject = example.event_type, example.topic, example.subject_field
        self._gaps = frozenset(gaps)
        self._known = b"," + written(known)[1:] if known else b"}"

    def filled(self, values: Mapping[str, Any]) -> Filled:
        """Make a fact.

        Raises:
            TypeError: the values are not those of all gaps and no others.
        """
        if values.keys() != self._gaps:
            raise TypeError(f"{self._type} has the gaps {sorted(self._gaps)}, not {sorted(values)}")
        value = written(values)[:-1] + self._known
        return Filled(self._type, self._topic, str(values[self._subject]), value)
