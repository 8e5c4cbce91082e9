"""Delivery receipts: signed, posted in batches, again and again until the sender confirms them."""

import asyncio
import heapq
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Final

import httpx
import orjson

from deploy.simulators.phones.faults import Faults, Mode
from deploy.simulators.phones.ledger import Ledger
from deploy.simulators.phones.messages import Message

logger = logging.getLogger(__name__)

BATCH: Final = 100
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 15.0

Sign = Callable[[bytes], Mapping[str, str]]


@dataclass(order=True, slots=True)
class _Due:
    when: float
    number: int
    message: Message = field(compare=False)
    status: str = field(compare=False)
    at: str = field(compare=False)
    repeated: bool = field(compare=False, default=False)
    tries: int = field(compare=False, default=0)


class Receipts:
    """Everything still to be said to the senders, one queue for each callback address."""

    def __init__(self, ledger: Ledger, faults: Faults, sign: Sign, *, delay: float = 0.2) -> None:
        self._ledger, self._faults, self._sign, self._delay = ledger, faults, sign, delay
        self._queues: dict[str, list[_Due]] = {}
        self._numbers = count()
        self._wake = asyncio.Event()

    def expect(self, message: Message) -> None:
        """Plans the receipt of a message that has just reached its phone."""
        callback = message.submitted.callback
        if callback is None or message.status != "accepted":
            return
        fault = self._faults.strike(message.channel, receipts=True)
        status = "failed" if fault.mode is Mode.fail_delivery else "delivered"
        pause = fault.seconds if fault.mode is Mode.delay_receipts else self._delay
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        when = time.monotonic() + pause
        self._queue(callback, _Due(when, next(self._numbers), message, status, at))
        if fault.mode is Mode.repeat_receipts:
            self._queue(callback, _Due(when + pause, next(self._numbers), message, status, at, repeated=True))

    async def run(self) -> None:
        """Posts until cancelled; first what an earlier life of this process left unconfirmed."""
        for message in self._ledger.unreceipted():
            self.expect(message)
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client, asyncio.TaskGroup() as lanes:
            started: set[str] = set()
            while True:
                for callback in self._queues.keys() - started:
                    started.add(callback)
                    lanes.create_task(self._lane(client, callback))
                self._wake.clear()
                await self._wake.wait()

    def _queue(self, callback: str, due: _Due) -> None:
        if callback not in self._queues:
            self._queues[callback] = []
            self._wake.set()
        heapq.heappush(self._queues[callback], due)

    async def _lane(self, client: httpx.AsyncClient, callback: str) -> None:
        most = BATCH
        while True:
            batch = self._due(callback, most)
            if not batch:
                await asyncio.sleep(0.02)
                continue
            status = await self._post(client, callback, batch)
            # One receipt that the sender cannot take must not hold up the other ninety-nine.
            most = 1 if 400 <= status < 500 and status != 429 else BATCH
            if 200 <= status < 300:
                self._confirmed(batch)
            else:
                self._again(callback, batch)

    def _due(self, callback: str, most: int) -> list[_Due]:
        queue, now = self._queues[callback], time.monotonic()
        batch: list[_Due] = []
        while queue and queue[0].when <= now and len(batch) < most:
            batch.append(heapq.heappop(queue))
        return batch

    async def _post(self, client: httpx.AsyncClient, callback: str, batch: list[_Due]) -> int:
        """The answer's status; 0 without an answer."""
        body = orjson.dumps({"receipts": [_receipt(due) for due in batch]})
        headers = {"content-type": "application/json", **self._sign(body)}
        try:
            answer = await client.post(callback, content=body, headers=headers)
        except httpx.HTTPError as error:
            logger.info("no answer from %s: %r", callback, error)
            return 0
        if not answer.is_success:
            logger.info("%s answered %s to %d receipts", callback, answer.status_code, len(batch))
        return answer.status_code

    def _confirmed(self, batch: list[_Due]) -> None:
        for due in batch:
            if not due.repeated:
                self._ledger.receipted(due.message, due.status, due.at)

    def _again(self, callback: str, batch: list[_Due]) -> None:
        now = time.monotonic()
        for due in batch:
            due.tries += 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(due.tries, 10))
            due.when = now + pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, hides nothing
            heapq.heappush(self._queues[callback], due)


def _receipt(due: _Due) -> dict[str, str | None]:
    code = "handset-unreachable" if due.status == "failed" else None
    return {
        "token": due.message.submitted.token,
        "provider_id": due.message.provider_id,
        "status": due.status,
        "code": code,
        "at": due.at,
    }
