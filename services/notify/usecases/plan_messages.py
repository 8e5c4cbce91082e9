"""From facts to messages: who hears of what, decided for a chunk of events in a handful of statements."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import prometheus_client

from services.notify.domain.audience import Audiences
from services.notify.domain.messages import Heading, Planned, Subject
from services.notify.domain.rulebook import Rulebook
from services.notify.domain.states import State
from services.notify.domain.withdrawals import Withdrawals
from services.notify.store import contacts, messages
from services.notify.usecases.current_rulebook import current_rulebook
from services.notify.usecases.find_asks import Ask, find_asks
from services.notify.usecases.find_audiences import find_audiences
from services.notify.usecases.make_rows import Planning
from services.notify.usecases.tell_outcome import tell_failed
from services.notify.usecases.withdraw_messages import withdraw_messages
from shared.contracts import Event
from shared.database.work import Work

_PLANNED = prometheus_client.Counter("linli_messages_planned_total", "Messages planned", ["event", "state"])
_UNHEARD = prometheus_client.Counter(
    "linli_rules_unheard_total", "Times a rule asked for a role that nobody holds", ["rule"]
)
_FAILED = frozenset({State.SUPPRESSED, State.EXPIRED})


async def plan_messages(work: Work, events: Sequence[Event[Any]]) -> None:
    """Plan a message for everybody whom the rules say these events concern; repeats plan nothing twice.

    Imported history sends nothing. Who cannot be reached gets a suppressed message that says why, and what
    these events make untrue is withdrawn.
    """
    live = [event for event in events if not event.imported]
    if not live:
        return
    book = await current_rulebook(work)
    asks = list(find_asks(book, live))
    if not asks:
        return
    untrue = await withdraw_messages(work, book, asks)
    await _plan(work, book, [ask for ask in asks if ask.whom], untrue)


async def _plan(work: Work, book: Rulebook, asks: Sequence[Ask], untrue: Withdrawals) -> None:
    audiences = await find_audiences(work.connection, asks, work.now)
    told = [(ask, _persons(audiences, ask)) for ask in asks]
    for ask, persons in told:
        if not persons and any(whom.role for whom in ask.whom):
            _UNHEARD.labels(ask.rule.name).inc()
    everybody: dict[UUID, set[str]] = {}
    for ask, persons in told:
        everybody.setdefault(ask.event.community, set()).update(persons)
    if not any(everybody.values()):
        return
    reaches = await contacts.reaches(work.connection, everybody)
    planning = Planning(book, audiences, reaches, untrue, work.now)
    rows = [row for ask, persons in told for row in planning.rows(ask, persons)]
    headings = planning.headings
    new = await messages.plan(work.connection, rows, headings, work.now, datetime.now(UTC))
    _tell(work, [row for row in rows if row["id"] in new] if len(new) < len(rows) else rows, headings)


def _tell(work: Work, new: Sequence[Planned], headings: Sequence[Heading]) -> None:
    """Count what is new, and say of whom nobody will be reached."""
    for (number, state), count in Counter([(row["heading"], row["state"]) for row in new]).items():
        _PLANNED.labels(headings[number - 1]["event_type"], state).inc(count)
    for row in new:
        if row["reason"] and row["state"] in _FAILED:
            heading = headings[row["heading"] - 1]
            subject = Subject(
                row["id"],
                heading["community"],
                row["person"],
                row["channel"],
                heading["category"],
                heading["about_type"],
                row["about_id"],
            )
            tell_failed(work, subject, 1, row["reason"], row["traceparent"])


def _persons(audiences: Audiences, ask: Ask) -> list[str]:
    """Give everybody an ask reaches and does not spare, once, however many selectors name them."""
    community = ask.event.community
    found: dict[str, None] = {}
    for whom in ask.whom:
        found.update(dict.fromkeys(audiences.persons(community, whom)))
    for whom in ask.spared:
        for person in audiences.persons(community, whom):
            found.pop(person, None)
    return list(found)
