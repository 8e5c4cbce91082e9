"""Store how people can be reached: one or many, new or changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.notify.domain.contacts import Contact, Language, masked
from services.notify.store import contacts
from services.notify.store.contacts import Row
from services.notify.store.phones import Phones
from shared.database.work import Work
from shared.errors import NotFound, PreconditionRequired, StaleVersion


@dataclass(frozen=True, slots=True)
class GivenContact:
    """What somebody says of a person; `phone` is normalised. It appears in no representation."""

    person: str
    language: Language
    phone: str | None = field(default=None, repr=False)
    push_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change of one contact; a field that is not in `fields` stays as it is."""

    fields: frozenset[str]
    language: Language = Language.ZH
    phone: str | None = field(default=None, repr=False)
    push_token: str | None = field(default=None, repr=False)


async def put_contacts(
    work: Work, phones: Phones, community: UUID, given: Sequence[GivenContact]
) -> Mapping[str, int]:
    """Store the contacts of distinct persons; answers each one's version."""
    rows = [
        Row(
            community,
            each.person,
            each.language,
            phones.seal(each.phone, community, each.person) if each.phone else None,
            each.push_token,
        )
        for each in sorted(given, key=lambda each: each.person)
    ]
    return await contacts.put(work.connection, rows, work.now)


async def change_contact(
    work: Work, phones: Phones, community: UUID, person: str, change: Change, *, seen: int | None
) -> Contact:
    """Change a contact, or make one for a person who has none (`seen` is then None).

    Raises:
        PreconditionRequired, StaleVersion: it is not at the version that the caller has seen.
    """
    before = await contacts.find(work.connection, community, person, changing=True)
    if before is not None and seen is None:
        raise PreconditionRequired("this person has a contact; send If-Match with its ETag")
    if (before.version if before else None) != seen:
        raise StaleVersion("the contact is not at the version in If-Match; read it again")
    row = Row(
        community,
        person,
        change.language if "language" in change.fields or before is None else before.language,
        before.phone if before and "phone" not in change.fields else None,
        before.push_token if before and "push_token" not in change.fields else change.push_token,
    )
    if change.phone is not None:
        row = replace(row, phone=phones.seal(change.phone, community, person))
    await contacts.put(work.connection, [row], work.now)
    return await show_contact(work, phones, community, person)


async def show_contact(work: Work, phones: Phones, community: UUID, person: str) -> Contact:
    """Read a contact as it may be shown.

    Raises:
        NotFound: the person has none here.
    """
    row = await contacts.find(work.connection, community, person)
    if row is None:
        raise NotFound("this person has no contact here")
    return shown(row, phones)


async def find_contacts(work: Work, phones: Phones, community: UUID, number: str) -> list[Contact]:
    """Find whose number this is, by its keyed hashes."""
    rows = await contacts.having(work.connection, community, phones.hashes(number))
    return [shown(row, phones) for row in rows]


def shown(row: Row, phones: Phones) -> Contact:
    """Open a number for as long as it takes to mask it."""
    sealed = row.phone
    number = phones.open(sealed.key, sealed.ciphertext, row.community, row.person) if sealed else None
    return Contact(
        row.community,
        row.person,
        row.language,
        masked(number) if number else None,
        row.push_token is not None,
        row.version,
    )
