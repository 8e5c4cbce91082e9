"""The recorded file as bulk import: streamed, sent again from its beginning when it was cut off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.demo.access import Access
from deploy.replay.preparing import IMPORTER, MAPPING
from deploy.replay.recorded import lines_of

LINES_AT_ONCE: Final = 50


class Importer:
    """Streams the file to `POST /imports`; `reach` is called before the row of each position is sent."""

    def __init__(self, access: Access, path: Path, reach: Callable[[int], Awaitable[None]]) -> None:
        self._access = access
        self._path = path
        self._reach = reach
        self.unanswered = 0
        self.uploads = 0

    async def load(self) -> dict[str, Any]:
        """Send the file until one upload is answered, and give that answer."""
        while True:
            self.uploads += 1
            self.unanswered = 1
            try:
                answer = await self._access.client.post(
                    f"{self._access.addresses.issues}/imports/{MAPPING}",
                    headers={
                        "authorization": f"Bearer {await self._access.token(IMPORTER)}",
                        "linli-community": str(self._access.community),
                        "content-type": "text/csv",
                    },
                    content=self._stream(),
                )
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                continue
            finally:
                self.unanswered = 0
            if answer.status_code == 503:
                await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
                continue
            answer.raise_for_status()
            told: dict[str, Any] = answer.json()
            return told

    async def _stream(self) -> AsyncIterator[bytes]:
        waiting: list[bytes] = []
        for number, line in enumerate(lines_of(self._path)):
            waiting.append(line)
            if len(waiting) == LINES_AT_ONCE:
                for position in range(number - LINES_AT_ONCE, number):
                    await self._reach(position)
                yield b"".join(waiting)
                waiting = []
        yield b"".join(waiting)
