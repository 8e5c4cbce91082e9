"""The pretended gates: they sign what they deliver and repeat it until it is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from deploy.replay.cars import Block, CarRead, shuffled
from deploy.replay.lots import Lot
from shared.runtime.clock import RECHECK_SECONDS, jump
from shared.security.signatures import sign

PAUSE: Final = 0.1
_TRANSIENT: Final = frozenset({429, 502, 503, 504})


class NotTaken(Exception):
    """A gate's delivery was refused for good."""


@dataclass(slots=True)
class Gates:
    """The gates of all compounds; `reach` is called while the block of each position is sent.

    `ready` is awaited before a new day begins: whoever was killed shall not oversleep days.
    """

    client: httpx.AsyncClient
    clock: Path
    lots: Sequence[Lot]
    reach: Callable[[int], Awaitable[None]]
    ready: Callable[[], Awaitable[None]]
    unanswered: int = 0
    deliveries: int = 0
    _now: tuple[datetime, float] = (datetime.min.replace(tzinfo=UTC), 0.0)

    async def day(self, found: Sequence[Block]) -> None:
        """Deliver a day's blocks: business time goes to its end, as if gates were offline until then."""
        await self.ready()
        self._now = (jump(self.clock, found[-1].last), time.monotonic())
        # No process may still believe in yesterday: it would take the gates' clocks for wrong.
        await asyncio.sleep(RECHECK_SECONDS * 1.5)
        for block in found:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._reached(block))
                for number, lot in enumerate(self.lots):
                    deliver = self._ordered if lot.manner == "ordered" else self._shuffled
                    group.create_task(deliver(lot, block, number))

    async def heartbeat(self, lot: Lot, up_to: datetime) -> None:
        """Let both gates state that there is nothing more up to then."""
        for gate in lot.keys:
            await self._deliver(lot, gate, [], up_to)

    async def _reached(self, block: Block) -> None:
        """Beside the deliveries, so that whoever is killed has some of them in hand."""
        for read in block.reads:
            await self.reach(read.position)

    async def _ordered(self, lot: Lot, block: Block, _number: int) -> None:
        for gate in lot.keys:
            reads = [read for read in block.reads if read.outwards == (gate == "exit")]
            await self._deliver(lot, gate, reads, block.last)

    async def _shuffled(self, lot: Lot, block: Block, number: int) -> None:
        for read in shuffled(block, number):
            await self._deliver(lot, "exit" if read.outwards else "entry", [read], read.at)
        await self.heartbeat(lot, block.last)

    async def _deliver(self, lot: Lot, gate: str, reads: Sequence[CarRead], up_to: datetime) -> None:
        seen = [{"id": read.id, "captured_at": read.at, "plate": read.plate} for read in reads]
        said = {"delivered_up_to": up_to, "reads": seen}
        self.unanswered += 1
        try:
            while True:
                if await self._taken(lot, gate, orjson.dumps({"sent_at": self._sent_at(), **said})):
                    break
                await asyncio.sleep(PAUSE)
        finally:
            self.unanswered -= 1
        self.deliveries += 1

    def _sent_at(self) -> datetime:
        """Business time as the gates' clocks have it."""
        business, began = self._now
        return business + timedelta(seconds=time.monotonic() - began)

    async def _taken(self, lot: Lot, gate: str, body: bytes) -> bool:
        key, secret = lot.keys[gate]
        headers: dict[str, Any] = sign(body, key_id=key, secret=secret)
        try:
            answer = await self.client.post(
                lot.url, content=body, headers={**headers, "content-type": "application/json"}
            )
        except httpx.TransportError:
            return False
        if answer.status_code in _TRANSIENT:
            return False
        if not answer.is_success:
            raise NotTaken(f"{lot.code}, {gate}: {answer.status_code} {answer.text[:300]}")
        return True
