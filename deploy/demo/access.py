"""How the demo talks to the suite: as named persons, by HTTP, repeating safely what had no answer."""

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx

from deploy.demo.failures import DemoFailed

PATIENCE: Final = 60.0
TRANSIENT: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the suite's public faces are; who plays a part of the story needs no others."""

    identity: str
    issues: str
    notify: str
    phones: str
    parking: str = ""
    volunteer: str = ""


@dataclass(slots=True)
class Access:
    """One client for everything; tokens are asked for by person and kept until they grow old."""

    client: httpx.AsyncClient
    addresses: Addresses
    community: UUID
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    async def token(self, person: str, *, fresh: bool = False) -> str:
        """An access token of this person; `fresh` when roles have changed since."""
        kept = self._tokens.get(person)
        if kept and not fresh and kept[1] > time.monotonic():
            return kept[0]
        answer = await self._patiently("POST", f"{self.addresses.identity}/token", json={"person": person})
        given = _checked(answer, f"a token for {person}").json()
        self._tokens[person] = given["access_token"], time.monotonic() + given["expires_in"] / 2
        return str(given["access_token"])

    async def send(
        self,
        person: str,
        method: str,
        url: str,
        *,
        key: str | None = None,
        everywhere: bool = False,
        accept: frozenset[int] = frozenset(),
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Sends one request as a person and returns its success; raises DemoFailed with the problem's words.

        `key` makes a POST safe to repeat, `everywhere` leaves the community out, `accept` lists statuses that
        are no failure here. `content` is httpx's (json, content, params).
        """
        sent = {"authorization": f"Bearer {await self.token(person)}", **(headers or {})}
        if key is not None:
            sent["idempotency-key"] = key
        if not everywhere:
            sent["linli-community"] = str(self.community)
        answer = await self._patiently(method, url, headers=sent, **content)
        return answer if answer.status_code in accept else _checked(answer, f"{method} {url}")

    async def deliver(self, url: str, content: bytes, headers: Mapping[str, str]) -> None:
        """Sends what a device has signed; raises DemoFailed when it is not taken."""
        answer = await self._patiently("POST", url, content=content, headers=dict(headers))
        _checked(answer, f"POST {url}")

    async def _patiently(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Tries again while nothing answers or the answer says to; every call of the demo may be repeated."""
        deadline = time.monotonic() + PATIENCE
        while True:
            why = ""
            try:
                answer = await self.client.request(method, url, **request)
            except httpx.TransportError as error:
                why = f"no answer ({error!r})"
            else:
                if answer.status_code not in TRANSIENT:
                    return answer
                why = f"status {answer.status_code}: {answer.text[:300]}"
            if time.monotonic() > deadline:
                where = httpx.URL(url)
                to_do = f"see whether {where.host}:{where.port} is up and its /health/ready says 200"
                raise DemoFailed(f"{method} {url}", why, to_do)
            await asyncio.sleep(0.25)


def _checked(answer: httpx.Response, step: str) -> httpx.Response:
    if answer.is_success:
        return answer
    to_do = {401: "check that OIDC_ISSUER of the services is this identity's address"}.get(
        answer.status_code, "read the answer above; `make clean` forgets all data and starts anew"
    )
    raise DemoFailed(step, f"status {answer.status_code}: {answer.text[:600]}", to_do)


def roles_in(token: str, community: UUID) -> set[str]:
    """The roles that a token names in a community; its signature is the services' business."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return set(claims["linli"]["communities"].get(str(community), ()))
