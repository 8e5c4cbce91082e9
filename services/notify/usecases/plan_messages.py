"""From facts to messages: who hears of what, decided for a chunk of events in a handful of statements."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from jinja2 import TemplateError
from prometheus_client import Counter

from services.notify.domain.audience import Audiences, Wanted, climb, wanted
from services.notify.domain.contacts import Channel, Language, Reach
from services.notify.domain.intents import intent_key, rung_id
from services.notify.domain.messages import NO_CHANNEL, NO_CONTACT, NO_TEXT, Planned, Subject
from services.notify.domain.rulebook import Entry, Rulebook
from services.notify.domain.rules import Rule
from services.notify.domain.segments import segments_of
from services.notify.domain.states import RANK, State
from services.notify.store import contacts, messages, register
from services.notify.usecases.current_rulebook import current_rulebook
from services.notify.usecases.render_text import DEFAULT_ZONE, Words, render
from services.notify.usecases.tell_outcome import tell_failed
from shared.contracts import Event
from shared.database.work import Connection, Work

_PLANNED = Counter("linli_messages_planned_total", "Messages planned", ["event", "state"])


@dataclass(frozen=True, slots=True)
class Ask:
    """One rule that applies to one event, and whom it asks for."""

    event: Event[Any]
    rule: Rule
    template: Entry | None
    whom: Sequence[Wanted]


async def plan_messages(work: Work, events: Sequence[Event[Any]]) -> None:
    """Plan a message for everybody whom the rules say these events concern; repeats plan nothing twice.

    Imported history sends nothing. Who cannot be reached gets a suppressed message that says why.
    """
    live = [event for event in events if not event.imported]
    if not live:
        return
    book = await current_rulebook(work)
    asks = list(asked_by(book, live))
    if not asks:
        return
    audiences = await audiences_for(work.connection, asks)
    told = [(ask, _persons(audiences, ask)) for ask in asks]
    pairs = {(ask.event.community, person) for ask, persons in told for person in persons}
    if not pairs:
        return
    planning = Planning(book, audiences, await contacts.reaches(work.connection, pairs))
    rows = {row.id.int: row for ask, persons in told for row in planning.rows(ask, persons)}
    # In the order of their ids, so that chunks that meet lock in the same order and the index grows in place.
    ordered = [rows[key] for key in sorted(rows)]
    _tell(work, ordered, await messages.plan(work.connection, ordered, work.now, datetime.now(UTC)))


def asked_by(book: Rulebook, events: Sequence[Event[Any]]) -> Iterator[Ask]:
    """Give the rules that apply to events, with whom each asks for."""
    for event in events:
        for rule, template in book.applicable(event.community).get(event.type, ()):
            if rule.matches(event.data):
                yield Ask(event, rule, template, [wanted(each, event.data) for each in rule.recipients])


def _tell(work: Work, rows: Sequence[Planned], new: Collection[UUID]) -> None:
    """Count what is new, and say of whom nobody can be reached."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows if len(new) == len(rows) else [row for row in rows if row.id in new]:
        counts[row.event_type, row.state] = counts.get((row.event_type, row.state), 0) + 1
        if row.reason:
            subject = Subject(
                row.id, row.community, row.person, row.channel, row.category, row.about_type, row.about_id
            )
            tell_failed(work, subject, 1, row.reason, row.traceparent)
    for (event_type, state), count in counts.items():
        _PLANNED.labels(event_type, state).inc(count)


async def audiences_for(connection: Connection, asks: Sequence[Ask]) -> Audiences:
    """Read from the register's projection all that these asks need."""
    pairs: set[tuple[UUID, UUID]] = set()
    households: set[tuple[UUID, UUID]] = set()
    roles: list[tuple[UUID, str, UUID]] = []
    for ask in asks:
        community = ask.event.community
        pairs.add((community, community))
        # Not getattr: a model without the field takes long to say so.
        if place := ask.event.data.__dict__.get("place"):
            pairs.add((community, place))
        for whom in ask.whom:
            if whom.household is not None:
                households.add((community, whom.household))
            if whom.role is not None:
                pairs.add((community, whom.place or community))
                roles.append((community, whom.role, whom.place or community))
    paths, zones = await register.paths(connection, pairs)
    climbed = {
        (community, role, step)
        for community, role, place in roles
        for step in climb(community, paths.get((community, place), ()))
    }
    holders = await register.holders(connection, climbed) if climbed else {}
    members = await register.members(connection, households) if households else {}
    return Audiences(paths, holders, members, zones)


def _persons(audiences: Audiences, ask: Ask) -> list[str]:
    """Give everybody an ask reaches, once, however many selectors name them."""
    found = (person for whom in ask.whom for person in audiences.persons(ask.event.community, whom))
    return list(dict.fromkeys(found))


class _Said(NamedTuple):
    """What one rule says of one event in one language on one channel, to however many."""

    content: dict[str, str] | None
    parts: int | None
    encoding: str | None


class Planning:
    """Makes the rows of one chunk out of what was read for it."""

    def __init__(
        self, book: Rulebook, audiences: Audiences, reaches: Mapping[tuple[UUID, str], Reach]
    ) -> None:
        self._book = book
        self._audiences = audiences
        self._reaches = reaches
        self._words: dict[UUID, Words] = {}

    def rows(self, ask: Ask, persons: Sequence[str]) -> Iterator[Planned]:
        """Give one message for each person."""
        said: dict[tuple[Language, Channel], _Said] = {}
        for person in persons:
            reach = self._reaches.get((ask.event.community, person))
            channel = reach.first_of(ask.rule.channels) if reach else None
            if reach is None or channel is None:
                yield _row(ask, person, reach, None, _NOTHING, NO_CONTACT if reach is None else NO_CHANNEL)
                continue
            if (reach.language, channel) not in said:
                said[reach.language, channel] = self._say(ask, reach.language, channel)
            words = said[reach.language, channel]
            yield _row(ask, person, reach, channel, words, None if words.content else NO_TEXT)

    def _say(self, ask: Ask, language: Language, channel: Channel) -> _Said:
        """Write the words now: later attempts must say the same, and an audit sees what was said."""
        if ask.template is None:
            return _NOTHING
        event = ask.event
        fields = event.data.__dict__
        place = self._audiences.place_name(event.community, fields.get("place"))
        values = {**fields, "place_name": place}
        zone = self._audiences.zones.get(event.community, DEFAULT_ZONE)
        try:
            words = self._vocabularies(event.community)
            content = render(ask.template, language, channel, values, words, zone)
        except (TemplateError, TypeError, AttributeError):
            # Publishing renders each template against its event's examples; what those lack ends here.
            return _NOTHING
        if channel is not Channel.SMS:
            return _Said(content, None, None)
        cost = segments_of(content["sms"])
        return _Said(content, cost.parts, cost.encoding)

    def _vocabularies(self, community: UUID) -> Words:
        found = self._words.get(community)
        if found is None:
            found = self._words[community] = self._book.words(community)
        return found


_NOTHING = _Said(None, None, None)


def _row(
    ask: Ask, person: str, reach: Reach | None, channel: Channel | None, said: _Said, reason: str | None
) -> Planned:
    event, rule = ask.event, ask.rule
    intent = intent_key(event.source, event.id, rule.id, rule.major, person, rule.category)
    state = State.SUPPRESSED if reason else State.READY
    about = getattr(event.data, event.data.subject_field)
    return Planned(
        id=rung_id(intent),
        community=event.community,
        intent=intent,
        event_id=event.id,
        event_source=event.source,
        event_type=event.type,
        event_time=event.time,
        about_type=event.data.subject_field if isinstance(about, UUID) else None,
        about_id=about if isinstance(about, UUID) else None,
        rule_entry=rule.entry,
        template_entry=ask.template.id if ask.template else None,
        person=person,
        category=rule.category,
        urgency=rule.urgency_of(event.data),
        channel=channel,
        language=reach.language if reach else None,
        content=said.content,
        segments=said.parts,
        encoding=said.encoding,
        state=state,
        rank=RANK[state],
        reason=reason,
        deadline=event.time + rule.time_to_live,
        traceparent=event.traceparent,
    )
