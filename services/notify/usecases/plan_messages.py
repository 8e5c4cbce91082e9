"""From facts to messages: who hears of what, decided for a chunk of events in a handful of statements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from jinja2 import TemplateError
from prometheus_client import Counter

from services.notify.domain.audience import Audiences, Wanted, climb, wanted
from services.notify.domain.contacts import Channel, Reach
from services.notify.domain.intents import intent_key, rung_id
from services.notify.domain.messages import NO_CHANNEL, NO_CONTACT, NO_TEXT, Planned, Subject
from services.notify.domain.rulebook import Entry, Kind, Rulebook
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
    whom: Sequence[Wanted]


async def plan_messages(work: Work, events: Sequence[Event[Any]]) -> None:
    """Plan a message for everybody whom the rules say these events concern; repeats plan nothing twice.

    Imported history sends nothing. Who cannot be reached gets a suppressed message that says why.
    """
    live = [event for event in events if not event.imported]
    if not live:
        return
    book = await current_rulebook(work)
    asks = [ask for event in live for ask in asked_by(book, event)]
    if not asks:
        return
    audiences = await audiences_for(work.connection, asks)
    told = [(ask, person) for ask in asks for person in _persons(audiences, ask)]
    if not told:
        return
    reaches = await contacts.reaches(work.connection, {(ask.event.community, person) for ask, person in told})
    planning = Planning(book, audiences, reaches)
    rows = {row.id: row for row in planning.rows(told)}
    # In the order of their ids, so that chunks that meet lock in the same order and the index grows in place.
    ordered = [rows[key] for key in sorted(rows)]
    new = await messages.plan(work.connection, ordered, work.now, datetime.now(UTC))
    for row in ordered:
        if row.id in new:
            _tell(work, row)


def _tell(work: Work, row: Planned) -> None:
    _PLANNED.labels(row.event_type, row.state).inc()
    if row.reason:
        subject = Subject(
            row.id, row.community, row.person, row.channel, row.category, row.about_type, row.about_id
        )
        tell_failed(work, subject, 1, row.reason, row.traceparent)


def asked_by(book: Rulebook, event: Event[Any]) -> Iterator[Ask]:
    """Give the rules that apply to an event, with whom each asks for."""
    for rule in book.rules_for(event.community, event.type):
        if rule.matches(event.data):
            yield Ask(event, rule, [wanted(selector, event.data) for selector in rule.recipients])


async def audiences_for(connection: Connection, asks: Sequence[Ask]) -> Audiences:
    """Read from the register's projection all that these asks need."""
    pairs: set[tuple[UUID, UUID]] = set()
    households: set[tuple[UUID, UUID]] = set()
    roles: list[tuple[UUID, str, UUID]] = []
    for ask in asks:
        community = ask.event.community
        pairs.add((community, community))
        if place := getattr(ask.event.data, "place", None):
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


class Planning:
    """Makes the rows of one chunk out of what was read for it."""

    def __init__(
        self, book: Rulebook, audiences: Audiences, reaches: Mapping[tuple[UUID, str], Reach]
    ) -> None:
        self._book = book
        self._audiences = audiences
        self._reaches = reaches
        self._words: dict[UUID, Words] = {}

    def rows(self, told: Sequence[tuple[Ask, str]]) -> Iterator[Planned]:
        """Give one message for each person and ask."""
        for ask, person in told:
            yield self._row(ask.event, ask.rule, person)

    def _row(self, event: Event[Any], rule: Rule, person: str) -> Planned:
        intent = intent_key(event.source, event.id, rule.id, rule.major, person, rule.category)
        reach = self._reaches.get((event.community, person))
        channel = reach.first_of(rule.channels) if reach else None
        template = self._book.find(event.community, Kind.TEMPLATE, rule.template)
        content = self._content(event, template, reach, channel) if reach and channel and template else None
        reason = None if content else _why_not(reach, channel)
        state = State.SUPPRESSED if reason else State.READY
        cost = segments_of(content["sms"]) if content and channel is Channel.SMS else None
        about = _about(event)
        return Planned(
            id=rung_id(intent),
            community=event.community,
            intent=intent,
            event_id=event.id,
            event_source=event.source,
            event_type=event.type,
            event_time=event.time,
            about_type=event.data.subject_field if about else None,
            about_id=about,
            rule_entry=rule.entry,
            template_entry=template.id if template else None,
            person=person,
            category=rule.category,
            urgency=rule.urgency_of(event.data),
            channel=channel,
            language=reach.language if reach else None,
            content=content,
            segments=cost.parts if cost else None,
            encoding=cost.encoding if cost else None,
            state=state,
            rank=RANK[state],
            reason=reason,
            deadline=event.time + rule.time_to_live,
            traceparent=event.traceparent,
        )

    def _content(
        self, event: Event[Any], template: Entry, reach: Reach, channel: Channel
    ) -> dict[str, str] | None:
        """Write the words now: later attempts must say the same, and an audit sees what was said."""
        place = getattr(event.data, "place", None)
        values = {**event.data.__dict__, "place_name": self._audiences.place_name(event.community, place)}
        zone = self._audiences.zones.get(event.community, DEFAULT_ZONE)
        try:
            return render(
                template, reach.language, channel, values, self._vocabularies(event.community), zone
            )
        except (TemplateError, TypeError, AttributeError):
            # Publishing renders each template against its event's examples; what those lack ends here.
            return None

    def _vocabularies(self, community: UUID) -> Words:
        if community not in self._words:
            entries = self._book.in_force(community, Kind.VOCABULARY)
            self._words[community] = {entry.name: entry.content for entry in entries}
        return self._words[community]


def _why_not(reach: Reach | None, channel: Channel | None) -> str:
    if reach is None:
        return NO_CONTACT
    return NO_TEXT if channel else NO_CHANNEL


def _about(event: Event[Any]) -> UUID | None:
    subject = getattr(event.data, event.data.subject_field)
    return subject if isinstance(subject, UUID) else None
