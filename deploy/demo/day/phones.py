"""Watching the simulated phones for those who should hear of something."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx
import orjson

from deploy.demo.failures import DemoFailed
from deploy.demo.town.people import Contact

PAUSE: Final = 0.03


@dataclass(frozen=True, slots=True)
class Rung:
    """A phone that rang: whose, by what, with which words, how long after `since` (seconds)."""

    person: str
    channel: str
    address: str
    text: str
    after: float


class Phones:
    """The ledger, read on from where it was last."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url, self._position = client, url, 0

    async def skip(self) -> None:
        """Passes over what rang before now."""
        summary = await self._get("/ledger/summary")
        self._position = summary.json()["position"]

    async def await_ringing(self, expected: Sequence[Contact], since: datetime, seconds: float) -> list[Rung]:
        """One message for each of the expected; raises DemoFailed naming those who heard nothing in time."""
        deadline = time.monotonic() + seconds
        missing = {contact.person: contact for contact in expected}
        rung: list[Rung] = []
        while missing:
            for line in await self._new_lines():
                found = next((each for each in missing.values() if _address(line) in _addresses(each)), None)
                if found is not None:
                    del missing[found.person]
                    rung.append(_rung(found, line, since))
            if missing and time.monotonic() > deadline:
                raise _silence(list(missing), seconds)
            await asyncio.sleep(PAUSE)
        return rung

    async def _new_lines(self) -> list[dict[str, Any]]:
        answer = await self._get(f"/ledger?since={self._position}")
        lines = [orjson.loads(line) for line in answer.content.splitlines()]
        if lines:
            self._position = lines[-1]["position"]
        return [line for line in lines if line["status"] == "accepted"]

    async def _get(self, path: str) -> httpx.Response:
        try:
            return (await self._client.get(f"{self._url}{path}")).raise_for_status()
        except httpx.HTTPError as error:
            raise DemoFailed("reading the phones", repr(error), f"see whether {self._url} is up") from error


def _address(line: dict[str, Any]) -> str:
    return str(line.get("to") or line["device"])


def _addresses(contact: Contact) -> set[str | None]:
    return {contact.phone, contact.push_token}


def _rung(contact: Contact, line: dict[str, Any], since: datetime) -> Rung:
    text = line.get("text") or f"{line['title']}: {line['body']}"
    after = datetime.fromisoformat(line["at"]).astimezone(UTC) - since
    return Rung(contact.person, line["channel"], _address(line), text, after.total_seconds())


def _silence(persons: Sequence[str], seconds: float) -> DemoFailed:
    return DemoFailed(
        f"waiting for the phones of {', '.join(persons)}",
        f"they heard nothing within {seconds:g} s",
        "see the logs of notify, and GET /messages of notify: its trace says how far each message came",
    )
