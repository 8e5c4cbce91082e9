"""Make the rows of one chunk's messages: by which channel, in which words, at once, later or never."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from jinja2 import TemplateError

from services.notify.domain.audience import Audiences
from services.notify.domain.contacts import Channel, Language, Reach
from services.notify.domain.intents import intent_key
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
    Customs,
    InQuietHours,
    QuietHours,
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


class _Case(NamedTuple):
    """What one ask has in common for all whom it reaches."""

    ask: Ask
    heading: int
    customs: Customs
    urgency: Urgency
    deadline: datetime
    untrue: bool
    said: dict[tuple[Language, Channel], _Said]


class _Night(NamedTuple):
    """Quiet hours as a message keeps them, and when they end if they hold now; worked out once a chunk."""

    written: str
    ending: datetime | None


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
        reaches: Mapping[tuple[UUID, str], Reach],
        untrue: Withdrawals,
        now: datetime,
    ) -> None:
        self._book = book
        self._audiences = audiences
        self._reaches = reaches
        self._untrue = untrue
        self._now = now
        self._words: dict[UUID, Words] = {}
        self._places: dict[tuple[UUID, UUID | None], str] = {}
        self._nights: dict[tuple[UUID, InQuietHours, QuietHours], _Night] = {}
        self._numbers: dict[tuple[UUID, str, str], int] = {}
        self.headings: list[Heading] = []

    def rows(self, ask: Ask, persons: Sequence[str]) -> Iterator[Planned]:
        """Give one message for each person."""
        event, rule = ask.event, ask.rule
        thing = ask.thing
        untrue = thing is not None and self._untrue.cover(thing, rule.name, event.sequence)
        urgency, deadline = rule.urgency_of(event.data), rule.deadline_of(event.time, event.data)
        customs = self._book.customs(event.community)
        case = _Case(ask, self._heading(ask), customs, urgency, deadline, untrue, {})
        for person in persons:
            reach = self._reaches.get((event.community, person))
            yield _row(case, person, reach, _UNKNOWN if reach is None else self._fate(case, reach))

    def _heading(self, ask: Ask) -> int:
        """Give the number under which what an ask has in common with others is kept once."""
        event, rule = ask.event, ask.rule
        key = event.community, event.source, rule.id
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.headings) + 1
            heading: Heading = {
                "community": event.community,
                "event_source": event.source,
                "event_type": event.data.event_type,
                "about_type": event.data.subject_field if ask.about else None,
                "rule_entry": rule.entry,
                "template_entry": ask.template.id if ask.template else None,
                "category": rule.category,
            }
            self.headings.append(heading)
        return number

    def _fate(self, case: _Case, reach: Reach) -> _Fate:
        """Decide about one person's message: first whether, then in which words, then when."""
        rule = case.ask.rule
        channel = reach.first_of(rule.channels)
        if channel is None:
            return _NO_WAY
        if declined(rule.category, case.urgency, reach.wishes, case.customs):
            return _UNWANTED
        said = case.said.get((reach.language, channel))
        if said is None:
            said = case.said[reach.language, channel] = self._say(case.ask, reach.language, channel)
        if said.content is None:
            return _Fate(State.SUPPRESSED, NO_TEXT, channel)
        return self._timed(case, reach, channel, said)

    def _timed(self, case: _Case, reach: Reach, channel: Channel, said: _Said) -> _Fate:
        if case.untrue:
            return _Fate(State.CANCELLED, WITHDRAWN, channel, said)
        rule = case.ask.rule
        quiet = quiet_hours_for(rule.category, case.urgency, reach.wishes, case.customs)
        if quiet is None or rule.in_quiet_hours is InQuietHours.TELL:
            return _Fate(State.READY, None, channel, said)
        night = self._night(case.ask.event.community, rule.in_quiet_hours, quiet)
        wait = waiting(rule.in_quiet_hours, night.ending, case.deadline)
        if wait.until is not None:
            return _Fate(State.HELD, QUIET_HOURS, channel, said, wait.until, night.written)
        if wait.lost:
            return _Fate(State.EXPIRED, QUIET_HOURS, channel, said)
        return _Fate(State.READY, None, channel, said, None, night.written)

    def _night(self, community: UUID, how: InQuietHours, quiet: QuietHours) -> _Night:
        key = community, how, quiet
        found = self._nights.get(key)
        if found is None:
            zone = self._audiences.zones.get(community, DEFAULT_ZONE)
            ending = quiet.ending(self._now, zone_of(zone))
            found = self._nights[key] = _Night(str(Spared(how, quiet, zone)), ending)
        return found

    def _say(self, ask: Ask, language: Language, channel: Channel) -> _Said:
        """Write the words now: later attempts must say the same, and an audit sees what was said."""
        if ask.template is None:
            return _NOTHING
        event = ask.event
        fields = event.data.__dict__
        values = {**fields, "place_name": self._place_name(event.community, fields.get("place"))}
        zone = self._audiences.zones.get(event.community, DEFAULT_ZONE)
        try:
            words = self._vocabularies(event.community)
            content = render(ask.template, language, channel, values, words, zone)
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

    def _vocabularies(self, community: UUID) -> Words:
        found = self._words.get(community)
        if found is None:
            found = self._words[community] = self._book.words(community)
        return found


def _row(case: _Case, person: str, reach: Reach | None, fate: _Fate) -> Planned:
    event, rule = case.ask.event, case.ask.rule
    return {
        "id": intent_key(event.source, event.id, rule.id, rule.major, person, rule.category),
        "heading": case.heading,
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
