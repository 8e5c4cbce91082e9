"""Seal numbers anew with the current key, so that an old one can be taken out of PHONE_KEYS."""

from collections.abc import Awaitable, Callable

from services.notify.store import contacts
from services.notify.store.phones import Phones
from shared.database.work import Works

_AT_ONCE = 500


def resealing(phones: Phones) -> Callable[[Works], Awaitable[int]]:
    """Make the schedule's entry that seals with the current key what another key has sealed."""

    async def reseal_contacts(works: Works) -> int:
        async with works.for_system("/linli/notify/reseal") as work:
            rows = await contacts.sealed_with_other_keys(work.connection, phones.current, _AT_ONCE)
            if not rows:
                return 0
            resealed = [
                (row, phones.seal(number, row.community, row.person))
                for row in rows
                if row.phone
                for number in (phones.open(row.phone.key, row.phone.ciphertext, row.community, row.person),)
            ]
            await contacts.reseal(work.connection, resealed, phones.current)
            return len(resealed)

    return reseal_contacts
