"""Clock in: who sends, and what is tidied up."""

from collections.abc import Sequence

from services.notify.domain.urgency import Urgency
from services.notify.store.phones import Phones
from services.notify.usecases.forget_past import forget_past
from services.notify.usecases.install_defaults import install_defaults
from services.notify.usecases.release_held import release_held
from services.notify.usecases.reseal_contacts import resealing
from services.notify.usecases.send_messages import Lane, Sender
from services.notify.usecases.watch_queue import watch_queue
from shared.database.work import Works
from shared.http.idempotency import forget_keys
from shared.messaging.inbox import forget_old
from shared.runtime.schedule import Every

POLL_SECONDS = 1.0
"""Senders are woken after planning; the poll finds what another process planned, retries, and lost leases."""


def schedule(lanes: Sequence[Lane], phones: Phones) -> list[Every]:
    """List what notify does by the clock."""
    return [
        *(entry for lane in lanes for entry in senders(lane)),
        Every("release held", POLL_SECONDS, release_held),
        Every("watch queue", 15, watch_queue),
        Every("install defaults", 60, _install_defaults),
        Every("reseal contacts", 300, resealing(phones)),
        Every("forget idempotency keys", 600, forget_keys),
        Every("forget inbox", 600, forget_old),
        Every("forget the past", 600, forget_past),
    ]


def senders(lane: Lane) -> list[Every]:
    """Give a lane's senders; the first is kept free for what is urgent."""
    urgent = Sender(lane, Urgency.URGENT)
    ordinary = Sender(lane)
    name = f"send {lane.provider.channel}"
    return [
        Every(f"{name} urgent", POLL_SECONDS, urgent),
        Every(f"{name} 1", POLL_SECONDS, ordinary),
        Every(f"{name} 2", POLL_SECONDS, ordinary),
    ]


async def _install_defaults(works: Works) -> int:
    async with works.for_system("/linli/notify/defaults") as work:
        return await install_defaults(work)
