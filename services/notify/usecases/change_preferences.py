"""What a person wishes to hear, and when: said by themselves, or by the staff on their behalf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notify.domain.messages import DECLINED
from services.notify.domain.preferences import Customs, Wishes
from services.notify.domain.rulebook import Kind
from services.notify.store import contacts, preferences
from services.notify.usecases.publish_entry import read_rulebook
from services.notify.usecases.tell_outcome import tell_failed
from shared.database.work import Work
from shared.errors import Invalid, NotFound, PreconditionRequired, StaleVersion

SILENT = Wishes(None, frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's wishes beside what holds in the community; version 0 while nothing was ever said."""

    person: str
    wishes: Wishes
    customs: Customs
    categories: Sequence[str]
    names: Mapping[str, Mapping[str, str]]
    version: int


async def show_preferences(work: Work, community: UUID, person: str) -> Preferences:
    """Read what a person wishes, of all the categories there are.

    Raises:
        NotFound: the person has no contact here.
    """
    if await contacts.find(work.connection, community, person) is None:
        raise NotFound("this person has no contact here")
    stored = await preferences.find(work.connection, community, person)
    book = await read_rulebook(work, community)
    names = book.find(community, Kind.VOCABULARY, "message")
    return Preferences(
        person,
        stored.wishes if stored else SILENT,
        book.customs(community),
        book.categories(community),
        names.content if names else {},
        stored.version if stored else 0,
    )


async def change_preferences(
    work: Work, community: UUID, person: str, wishes: Wishes, *, seen: int | None
) -> Preferences:
    """Put a person's wishes in place of the former ones; what is planned and declined now is not sent.

    Raises:
        NotFound: the person has no contact here.
        Invalid: one of the categories cannot be declined.
        PreconditionRequired, StaleVersion: they are not at the version that the caller has seen.
    """
    # The contact's row is the lock: preferences may not be there yet.
    if await contacts.find(work.connection, community, person, changing=True) is None:
        raise NotFound("this person has no contact here")
    before = await preferences.find(work.connection, community, person)
    if before is not None and seen is None:
        raise PreconditionRequired("there are preferences; send If-Match with their ETag")
    if (before.version if before else 0) != (seen or 0):
        raise StaleVersion("the preferences are not at the version in If-Match; read them again")
    customs = (await read_rulebook(work, community)).customs(community)
    if kept := sorted(wishes.declined & customs.always_told):
        pointers = [{"pointer": f"categories.{name}.told", "detail": "is always told"} for name in kept]
        raise Invalid("some categories cannot be declined", errors=pointers)
    await preferences.put(work.connection, community, person, wishes, work.now, work.actor)
    for subject, version, traceparent in await preferences.take_back(
        work.connection, community, person, sorted(wishes.declined)
    ):
        tell_failed(work, subject, version, DECLINED, traceparent)
    return await show_preferences(work, community, person)
