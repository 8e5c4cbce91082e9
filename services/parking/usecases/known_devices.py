"""Which device a key belongs to, remembered for some seconds: every request of a gate asks."""

import time

from services.parking.store import devices
from services.parking.store.devices import Signer
from shared.database.work import Works

SECONDS = 5.0
MOST = 10_000
_LONGEST_KEY = 64


class KnownDevices:
    """Resolves keys under the system role; a retired key signs for up to five seconds more."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._known: dict[str, tuple[float, Signer]] = {}

    async def signer(self, key: str) -> Signer | None:
        """Whose live key this is; None for nobody's."""
        found = self._known.get(key)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        if not 0 < len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
            return None
        async with self._works.for_system("/linli/parking/keys") as work:
            signer = await devices.signer(work.connection, key)
        self._known.pop(key, None)
        if signer is not None:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = (time.monotonic() + SECONDS, signer)
        return signer
