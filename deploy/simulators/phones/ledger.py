"""What arrived at the phones, in order of arrival: the judge of every test about messages."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from deploy.simulators.phones.journal import Journal
from deploy.simulators.phones.messages import Channel, Message, Status, Submitted

Key = tuple[Channel, str]


class TokenReused(Exception):
    """The token came before with another address or text: a mistake of the sender."""


class Ledger:
    """Messages by token and by phone, kept in memory and in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._messages: list[Message] = []
        self._by_token: dict[Key, Message] = {}
        self._by_phone: dict[str, deque[Message]] = {}
        self._grown = asyncio.Event()
        for entry in journal.read():
            self._restore(entry)

    def take(self, submitted: Submitted, status: Status = "accepted", code: str | None = None) -> Message:
        """The message of this token: the first one, or a new one; raises TokenReused.

        Tell nobody before `durable()` has returned, of a repeat neither: its first may be in memory only.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        known = self._by_token.get((submitted.content.channel, submitted.token))
        if known is None:
            position = len(self._messages) + 1
            message = Message(
                position, at, submitted, f"{submitted.content.channel}-{position}", status, code
            )
            self._journal.append({"entry": "message", **message.stored()})
            return self._add(message)
        same = known.submitted.content == submitted.content
        entry = {"entry": "repeat" if same else "refused", "channel": known.channel, "token": submitted.token}
        self._journal.append({**entry, "at": at, "attempt": submitted.attempt})
        self._count(known, same)
        if not same:
            raise TokenReused(submitted.token)
        return known

    async def durable(self) -> None:
        """Returns when all that was taken so far has survived."""
        await self._journal.durable()

    def receipted(self, message: Message, status: str, at: str) -> None:
        """Notes that the sender has confirmed the receipt of this message."""
        message.receipt, message.receipt_at = status, at
        self._journal.append(
            {
                "entry": "receipt",
                "channel": message.channel,
                "token": message.submitted.token,
                "status": status,
                "at": at,
            }
        )

    def after(self, position: int, wanted: Callable[[Message], bool] = lambda _: True) -> Iterator[Message]:
        """Messages behind a position (positions start at 1 and have no gap), in order of arrival."""
        for index in count(max(position, 0)):
            if index >= len(self._messages):
                return
            if wanted(self._messages[index]):
                yield self._messages[index]

    async def growth(self) -> None:
        """Returns when the next message has arrived."""
        await self._grown.wait()

    @property
    def length(self) -> int:
        """How many messages there are, which is also the last position."""
        return len(self._messages)

    def phones(self) -> list[tuple[str, deque[Message]]]:
        """Each phone with its messages, newest first, the phone that rang last in front."""
        return sorted(self._by_phone.items(), key=lambda phone: phone[1][0].position, reverse=True)

    def phone(self, address: str) -> deque[Message]:
        """The messages of one number or device, newest first."""
        return self._by_phone.get(address, deque())

    def unreceipted(self) -> list[Message]:
        """Accepted messages whose sender wants a receipt and has not confirmed one."""
        return [
            message
            for message in self._messages
            if message.status == "accepted" and message.submitted.callback and message.receipt is None
        ]

    def _add(self, message: Message) -> Message:
        self._messages.append(message)
        self._by_token[message.channel, message.submitted.token] = message
        if message.status == "accepted":
            self._by_phone.setdefault(message.address, deque()).appendleft(message)
        self._grown.set()
        self._grown = asyncio.Event()
        return message

    @staticmethod
    def _count(message: Message, same: bool) -> None:
        if same:
            message.repeats += 1
        else:
            message.refused += 1

    def _restore(self, entry: dict[str, Any]) -> None:
        if entry["entry"] == "message":
            self._add(Message.restored(entry))
            return
        message = self._by_token[entry["channel"], entry["token"]]
        if entry["entry"] == "receipt":
            message.receipt, message.receipt_at = entry["status"], entry["at"]
        else:
            self._count(message, entry["entry"] == "repeat")
