"""Make the rows of one chunk's messages: by which channel, in which words, at once, later or never."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from jinja2 import TemplateError

from services.notify.domain.audience import Audiences
from services.notify.domain.contacts import Channel, Language, Reach
from services.notify.domain.intents import INTENTS, intent_of
from services.notify.domain.messages import (
    DECLINED,
    NO_CHANNEL,
    NO_CONTACT,
    NO_TEXT,
    QUIET_HOURS,
    WITHDRAWN,
    Heading,
    Planned,
)
from services.notify.domain.preferences import (
    InQuietHours,
    Spared,
    declined,
    quiet_hours_for,
    waiting,
)
from services.notify.domain.rulebook import Rulebook
from services.notify.domain.segments import segments_of
from services.notify.domain.states import RANK, State
from services.notify.domain.urgency import Urgency
from services.notify.domain.withdrawals import Withdrawals
from services.notify.usecases.find_asks import Ask
from services.notify.usecases.render_text import DEFAULT_ZONE, Words, render, zone_of
from shared.identifiers import derived_id


class _Said(NamedTuple):
    """What one rule says of one event in one language on one channel, to however many."""

    content: dict[str, str] | None
    parts: int | None
    encoding: str | None


class _Fate(NamedTuple):
    """What becomes of one message: its state and why, by which channel, in which words, from when on."""

    state: State
    reason: str | None
    channel: Channel | None = None
    said: _Said = _Said(None, None, None)
    held_until: datetime | None = None
    quiet_hours: str | None = None


class _Night(NamedTuple):
    """Quiet hours as a message keeps them, and when they end if they hold now."""

    written: str
    ending: datetime | None


class _Way(NamedTuple):
    """How a rule comes to those who are reached alike: language and channel, and the nights it respects."""

    to: tuple[Language, Channel]
    night: _Night | None = None


class _Setting(NamedTuple):
    """What the asks of one rule in a community have in common; `number` is that of their heading."""

    number: int
    words: Words
    zone: str
    ways: dict[tuple[Urgency, Reach], _Way | _Fate]


class _Case(NamedTuple):
    """What one ask has in common for all whom it reaches."""

    ask: Ask
    setting: _Setting
    urgency: Urgency
    deadline: datetime
    untrue: bool
    said: dict[tuple[Language, Channel], _Said]


_NOTHING = _Said(None, None, None)
_UNKNOWN = _Fate(State.SUPPRESSED, NO_CONTACT)
_NO_WAY = _Fate(State.SUPPRESSED, NO_CHANNEL)
_UNWANTED = _Fate(State.SUPPRESSED, DECLINED)


class Planning:
    """Makes the rows of one chunk out of what was read for it; `now` is business time."""

    def __init__(
        self,
        book: Rulebook,
        audiences: Audiences,
        reaches: Mapping[UUID, Mapping[str, Reach]],
        untrue: Withdrawals,
        now: datetime,
    ) -> None:
        self._book = book
        self._audiences = audiences
        self._reaches = reaches
        self._untrue = untrue
        self._now = now
        self._places: dict[tuple[UUID, UUID | None], str] = {}
        self._settings: dict[tuple[UUID, str, str], _Setting] = {}
        self.headings: list[Heading] = []

    def rows(self, ask: Ask, persons: Sequence[str]) -> Iterator[Planned]:
        """Give one message for each person."""
        event, rule, thing = ask.event, ask.rule, ask.thing
        untrue = thing is not None and self._untrue.cover(thing, rule.name, event.sequence)
        urgency, deadline = rule.urgency_of(event.data), rule.deadline_of(event.time, event.data)
        setting = self._settings.get((event.community, event.source, rule.id)) or self._new_setting(ask)
        case = _Case(ask, setting, urgency, deadline, untrue, {})
        reaches = self._reaches[event.community]
        for person in persons:
            reach = reaches.get(person)
            yield _row(case, person, reach, _UNKNOWN if reach is None else self._fate(case, reach))

    def _new_setting(self, ask: Ask) -> _Setting:
        """Read what an ask has in common with others, and write it as it travels."""
        event, rule = ask.event, ask.rule
        community = event.community
        heading: Heading = {
            "community": community,
            "event_source": event.source,
            "event_type": event.data.event_type,
            "about_type": event.data.subject_field if ask.about else None,
            "rule_entry": rule.entry,
            "template_entry": ask.template.id if ask.template else None,
            "category": rule.category,
        }
        self.headings.append(heading)
        zone = self._audiences.zones.get(community, DEFAULT_ZONE)
        setting = _Setting(len(self.headings), self._book.words(community), zone, {})
        self._settings[community, event.source, rule.id] = setting
        return setting

    def _fate(self, case: _Case, reach: Reach) -> _Fate:
        """Decide about one person's message: first whether, then in which words, then when."""
        ways, key = case.setting.ways, (case.urgency, reach)
        way = ways.get(key)
        if way is None:
            way = ways[key] = self._way(case, reach)
        if isinstance(way, _Fate):
            return way
        said = case.said.get(way.to)
        if said is None:
            said = case.said[way.to] = self._say(case, *way.to)
        if said.content is None:
            return _Fate(State.SUPPRESSED, NO_TEXT, way.to[1])
        return _timed(case, way.to[1], way.night, said)

    def _way(self, case: _Case, reach: Reach) -> _Way | _Fate:
        rule, urgency, zone, wishes = case.ask.rule, case.urgency, case.setting.zone, reach.wishes
        customs = self._book.customs(case.ask.event.community)
        channel = reach.first_of(rule.channels)
        if channel is None:
            return _NO_WAY
        if declined(rule.category, urgency, wishes, customs):
            return _UNWANTED
        quiet = quiet_hours_for(rule.category, urgency, wishes, customs)
        if quiet is None or rule.in_quiet_hours is InQuietHours.TELL:
            return _Way((reach.language, channel))
        written = str(Spared(rule.in_quiet_hours, quiet, zone))
        night = _Night(written, quiet.ending(self._now, zone_of(zone)))
        return _Way((reach.language, channel), night)

    def _say(self, case: _Case, language: Language, channel: Channel) -> _Said:
        """Write the words now: later attempts must say the same, and an audit sees what was said."""
        event, template, setting = case.ask.event, case.ask.template, case.setting
        if template is None:
            return _NOTHING
        fields = event.data.__dict__
        values = {**fields, "place_name": self._place_name(event.community, fields.get("place"))}
        try:
            content = render(template, language, channel, values, setting.words, setting.zone)
        except (TemplateError, TypeError, AttributeError):
            # Publishing renders each template against its event's examples; what those lack ends here.
            return _NOTHING
        if channel is not Channel.SMS:
            return _Said(content, None, None)
        encoding, _, parts = segments_of(content["sms"])
        return _Said(content, parts, encoding)

    def _place_name(self, community: UUID, place: UUID | None) -> str:
        found = self._places.get((community, place))
        if found is None:
            found = self._places[community, place] = self._audiences.place_name(community, place)
        return found


def _timed(case: _Case, channel: Channel, night: _Night | None, said: _Said) -> _Fate:
    if case.untrue:
        return _Fate(State.CANCELLED, WITHDRAWN, channel, said)
    if night is None:
        return _Fate(State.READY, None, channel, said)
    wait = waiting(case.ask.rule.in_quiet_hours, night.ending, case.deadline)
    if wait.until is not None:
        return _Fate(State.HELD, QUIET_HOURS, channel, said, wait.until, night.written)
    if wait.lost:
        return _Fate(State.EXPIRED, QUIET_HOURS, channel, said)
    return _Fate(State.READY, None, channel, said, None, night.written)


def _row(case: _Case, person: str, reach: Reach | None, fate: _Fate) -> Planned:
    event, rule = case.ask.event, case.ask.rule
    intent = intent_of(event.source, event.id, rule.id, rule.major, person, rule.category)
    return {
        "id": derived_id(INTENTS, intent),
        "heading": case.setting.number,
        "event_id": event.id,
        "event_time": event.time,
        "about_id": case.ask.about,
        "person": person,
        "urgency": case.urgency,
        "channel": fate.channel,
        "language": reach.language if reach else None,
        "content": fate.said.content,
        "segments": fate.said.parts,
        "encoding": fate.said.encoding,
        "state": fate.state,
        "rank": RANK[fate.state],
        "reason": fate.reason,
        "deadline": case.deadline,
        "traceparent": event.traceparent,
        "event_sequence": event.sequence,
        "held_until": fate.held_until,
        "quiet_hours": fate.quiet_hours,
    }
