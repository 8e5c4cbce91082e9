"""Watching the simulated phones for those who should hear of something."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import orjson

from deploy.demo.failures import DemoFailed
from deploy.demo.town.people import Contact

PAUSE: Final = 0.03


@dataclass(frozen=True, slots=True)
class Expected:
    """Who should hear, and in the words of which template."""

    contact: Contact
    template: str

    def is_in(self, line: dict[str, Any]) -> bool:
        """Tell whether a line of the ledger is this message."""
        address = line.get("to") or line["device"]
        return line.get("template") == self.template and address in {
            self.contact.phone,
            self.contact.push_token,
        }


@dataclass(frozen=True, slots=True)
class Rung:
    """A phone that rang: whose, by what, with which words, how long after `since` (seconds)."""

    person: str
    channel: str
    address: str
    text: str
    after: float


@dataclass(slots=True)
class Phones:
    """The ledger, read on from where it was last; what nobody has waited for yet is kept."""

    client: httpx.AsyncClient
    url: str
    _position: int = 0
    _heard: list[dict[str, Any]] = field(default_factory=list)

    async def skip(self) -> None:
        """Passes over what rang before now."""
        summary = await self._get("/ledger/summary")
        self._position = summary.json()["position"]
        self._heard.clear()

    async def await_ringing(
        self, expected: Sequence[Expected], since: datetime, seconds: float
    ) -> list[Rung]:
        """One message for each of the expected; raises DemoFailed naming those who heard nothing in time."""
        deadline = time.monotonic() + seconds
        missing = list(expected)
        rung: list[Rung] = []
        while True:
            for line in list(self._heard):
                found = next((each for each in missing if each.is_in(line)), None)
                if found is not None:
                    missing.remove(found)
                    self._heard.remove(line)
                    rung.append(_rung(found.contact, line, since))
            if not missing:
                return rung
            if time.monotonic() > deadline:
                raise _silence(missing, seconds)
            await asyncio.sleep(PAUSE)
            await self._listen()

    async def _listen(self) -> None:
        answer = await self._get(f"/ledger?since={self._position}")
        lines = [orjson.loads(line) for line in answer.content.splitlines()]
        if lines:
            self._position = lines[-1]["position"]
        self._heard += [line for line in lines if line["status"] == "accepted"]

    async def _get(self, path: str) -> httpx.Response:
        try:
            return (await self.client.get(f"{self.url}{path}")).raise_for_status()
        except httpx.HTTPError as error:
            raise DemoFailed("reading the phones", repr(error), f"see whether {self.url} is up") from error


def _rung(contact: Contact, line: dict[str, Any], since: datetime) -> Rung:
    text = line.get("text") or f"{line['title']}: {line['body']}"
    after = datetime.fromisoformat(line["at"]).astimezone(UTC) - since
    address = str(line.get("to") or line["device"])
    return Rung(contact.person, line["channel"], address, text, after.total_seconds())


def _silence(missing: Sequence[Expected], seconds: float) -> DemoFailed:
    named = ", ".join(f"{each.contact.person} ({each.template})" for each in missing)
    return DemoFailed(
        f"waiting for the phones of {named}",
        f"they heard nothing within {seconds:g} s",
        "see the logs of notify, and GET /messages of notify: its trace says how far each message came",
    )
