"""What is said of many things in the same words: facts written once as they travel, but for a few values."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from shared.contracts import SEQUENCE_DIGITS, Fact
from shared.contracts.fact import written
from shared.database.work import Work
from shared.identifiers import new_id_as_text
from shared.messaging.envelope import (
    ID_BYTES,
    check_length,
    header_values,
    headers_with_gaps,
    sequence_as_text,
)
from shared.messaging.wire import pack_record

# What fills the gaps of a row has these places; behind it come the facts' numbers and the events' ids.
_KEY, _TIME, _COMMUNITY, _TRACE, _VALUES = range(5)


class _Data(NamedTuple):
    """The data of one fact as a form for `%`, with the places of what fills it."""

    event_type: str
    form: bytes
    places: tuple[int, ...]


class Draft:
    """Facts about one thing that are said together, its versions from 1, with the same gaps to be filled.

    What fills a gap is not checked, which is what a whole fact costs most for: only ids, times in UTC, and
    words that were checked on their way in belong there. What the examples say in a gap goes out in no event.
    """

    def __init__(self, examples: Sequence[Fact], gaps: Sequence[str]) -> None:
        """Take the facts and the fields that are gaps wherever a fact has them, their subject first.

        Raises:
            ValueError: the facts are not about the thing that the first gap names, in one topic.
        """
        if {(example.topic, example.subject_field) for example in examples} != {(examples[0].topic, gaps[0])}:
            raise ValueError(f"not all facts are about the same {gaps[0]}, in one topic")
        self.topic = examples[0].topic
        self.gaps = tuple(gaps)
        self.facts = tuple(_data(example, gaps) for example in examples)
        self.sequences = tuple(sequence_as_text(place) for place, _ in enumerate(examples, 1))

    def emit(
        self, work: Work, values: Sequence[bytes], *, community: UUID, time: bytes, traceparent: str | None
    ) -> None:
        """Queue the facts for the outbox, as one row of it, with these values in the gaps, written as JSON.

        So is `time`, in UTC, since it often fills a gap as well. Of few facts: the row is one however long it
        is (see `outbox.MOST_TOGETHER`).

        Raises:
            ValueError: there are more values than gaps, or fewer.
            EventTooLarge: see there.
        """
        if len(values) != len(self.gaps):
            raise ValueError(f"the gaps are {', '.join(self.gaps)}; {len(values)} values are given")
        key, trace = values[0][1:-1], traceparent.encode() if traceparent else b""
        known = (key, time[1:-1], str(community).encode(), trace, *values)
        form, filling = _form(self, work.source, tuple(map(len, known)))
        idents = [new_id_as_text() for _ in self.facts]
        work.outgoing.append((self.topic, key, form % filling((*known, *self.sequences, *idents))))


def _data(example: Fact, gaps: Sequence[str]) -> _Data:
    fields = example.__dict__
    places = {name: place for place, name in enumerate(gaps, _VALUES) if name in fields}
    filled = b",".join(b'"%b":%%b' % name.encode() for name in places)
    known = written({name: value for name, value in fields.items() if name not in places})[1:]
    rest = known if known == b"}" else b"," + known.replace(b"%", b"%%")
    return _Data(example.event_type, b"{" + filled + rest, tuple(places.values()))


@lru_cache(maxsize=4096)  # what fills a gap has few lengths: ids, times, nothing
def _form(
    draft: Draft, source: str, lengths: tuple[int, ...]
) -> tuple[bytes, Callable[[tuple[bytes, ...]], tuple[bytes, ...]]]:
    """Write a row as a form for `%` of values of these lengths, and give what picks them in its order."""
    count, trace = len(draft.facts), lengths[_TRACE]
    blanks = [bytes(length) for length in (*lengths, *[SEQUENCE_DIGITS] * count, *[ID_BYTES] * count)]
    row, places = b"", list[int]()
    for number, fact in enumerate(draft.facts, len(lengths)):
        headers = headers_with_gaps(fact.event_type, source, lengths[_KEY], lengths[_TIME], trace, False)
        around = header_values(number + count, _KEY, _TIME, _COMMUNITY, number, _TRACE if trace else None)
        data = fact.form % tuple(blanks[place] for place in fact.places)
        check_length(fact.event_type, data)
        filled = data + headers % tuple(blanks[place] for place in around)
        begin = pack_record(data, filled[len(data) :]).removesuffix(filled)
        row += begin.replace(b"%", b"%%") + fact.form + headers
        places += (*fact.places, *around)
    return row, itemgetter(*places)
