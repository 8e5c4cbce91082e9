"""Take back what is no longer true: cancelled while it is unsent, and not planned when it comes too late."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client import Counter

from services.notify.domain.messages import DECLINED
from services.notify.domain.rulebook import Rulebook
from services.notify.domain.withdrawals import Withdrawal, Withdrawals, newest
from services.notify.store import preferences, withdrawals
from services.notify.usecases.find_asks import Ask
from services.notify.usecases.tell_outcome import tell_failed
from shared.database.work import Work

_WITHDRAWN = Counter("linli_messages_withdrawn_total", "Messages cancelled before they were sent")


async def withdraw_messages(work: Work, book: Rulebook, asks: Sequence[Ask]) -> Withdrawals:
    """Cancel what these asks withdraw, and give all that is withdrawn of the things they are about.

    A thing's events may be processed in any order: what an earlier one would say is then known to be untrue.
    """
    said = newest(each for ask in asks if ask.rule.withdraws for each in _withdrawals(ask))
    things = {
        thing
        for ask in asks
        if ask.rule.name in book.withdrawable(ask.event.community) and (thing := ask.thing) is not None
    }
    known = await withdrawals.of_things(work.connection, things) if things else []
    if said:
        _WITHDRAWN.inc(await withdrawals.withdraw(work.connection, said, datetime.now(UTC)))
    return Withdrawals([*known, *said.values()])


async def withdraw_returned(work: Work, messages: Sequence[UUID]) -> None:
    """Do the same with what a sender had taken then and could not hand over, and with what was declined."""
    _WITHDRAWN.inc(await withdrawals.cancel_returned(work.connection, messages))
    for subject, version, traceparent in await preferences.take_back_returned(work.connection, messages):
        tell_failed(work, subject, version, DECLINED, traceparent)


def _withdrawals(ask: Ask) -> Sequence[Withdrawal]:
    if (about := ask.about) is None:
        return ()
    event, rule = ask.event, ask.rule
    return [
        Withdrawal(event.community, about, rule.name, rule.withdraws, event.sequence, event.id, event.type)
    ]
