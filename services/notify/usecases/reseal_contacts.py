"""Seal numbers anew with the current key, so that an old one can be taken out of PHONE_KEYS."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from uuid import UUID

from prometheus_client import Gauge

from services.notify.store import contacts
from services.notify.store.contacts import Row
from services.notify.store.phones import Phones, Sealed, UnknownKey
from shared.database.work import Works

_SEALED = Gauge("linli_phones_sealed", "Numbers by the key that seals them", ["key"])
_ACTOR = "/linli/notify/reseal"
_AT_ONCE = 500


def resealing(phones: Phones) -> Callable[[Works], Awaitable[int]]:
    """Make the schedule's entry that seals with the current key what another key has sealed."""

    async def reseal_contacts(works: Works) -> int:
        """Go once through what other keys seal; what cannot be opened stays, and counts under its key."""
        done, after, more = 0, ("", UUID(int=0), ""), True
        while more:
            async with works.for_system(_ACTOR) as work:
                rows = await contacts.sealed_with_other_keys(work.connection, phones.current, after, _AT_ONCE)
                resealed = list(_resealed(phones, rows))
                if resealed:
                    await contacts.reseal(work.connection, resealed, phones.current)
            done += len(resealed)
            if more := len(rows) == _AT_ONCE and rows[-1].phone is not None:
                after = (rows[-1].phone.key, rows[-1].community, rows[-1].person)
        await _count(works)
        return done

    return reseal_contacts


def _resealed(phones: Phones, rows: Sequence[Row]) -> Iterator[tuple[Row, Sealed]]:
    for row in rows:
        if row.phone is None:
            continue
        try:
            number = phones.open(row.phone.key, row.phone.ciphertext, row.community, row.person)
        except UnknownKey:
            continue
        yield row, phones.seal(number, row.community, row.person)


async def _count(works: Works) -> None:
    async with works.for_system(_ACTOR) as work:
        counts = await contacts.sealed_by_key(work.connection)
    _SEALED.clear()
    for key, count in counts.items():
        _SEALED.labels(key).set(count)
