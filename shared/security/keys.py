"""The issuer's public keys: fetched when first needed, cached, asked for again when an unknown one signs."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from shared.errors import Unauthenticated, Unavailable
from shared.security.authorities import authorities
from shared.telemetry.logs import log

Key = RSAKey | ECKey | OKPKey
_KINDS = {"RSA", "EC", "OKP"}

FRESH_SECONDS = 300.0
"""How long keys are believed without asking again, so that a withdrawn one stops working."""
PAUSE_SECONDS = 2.0
"""The least time between two questions, so that forged key ids cannot make us flood the issuer."""
_TIMEOUT_SECONDS = 5.0
_UNREADABLE = (httpx.HTTPError, httpx.InvalidURL, JoseError, ValueError, KeyError, TypeError)


class IssuerKeys:
    """The keys of one issuer; `on_change` is called when one was withdrawn or replaced.

    An issuer that is away hurts only those whose key is not known yet.
    """

    def __init__(self, issuer: str, jwks_url: str | None, on_change: Callable[[], None]) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._on_change = on_change
        self._keys: dict[str | None, Key] = {}
        self._asked = -math.inf
        self._away = False
        self._asking = asyncio.Lock()

    async def find(self, key_id: str | None) -> Key:
        """Find the key with this id; without an id the only key there is.

        Raises:
            Unauthenticated: the issuer has no such key.
            Unavailable: the key is not known and the issuer cannot be asked.
        """
        await self.keep_fresh()
        if (found := self._known(key_id)) is not None:
            return found
        await self._ask()
        if (found := self._known(key_id)) is not None:
            return found
        if self._away:
            raise Unavailable("the token's key is not known here and its issuer cannot be asked")
        raise Unauthenticated("the token is signed by an unknown key")

    async def keep_fresh(self) -> None:
        """Ask the issuer when that is due; only one caller does, the others go on with what is known."""
        if time.monotonic() - self._asked > FRESH_SECONDS and not self._asking.locked():
            await self._ask()

    async def _ask(self) -> None:
        """Ask the issuer, unless it was asked just now; whoever comes meanwhile waits for the same answer."""
        async with self._asking:
            if time.monotonic() - self._asked < PAUSE_SECONDS:
                return
            try:
                found = await self._fetch()
            except _UNREADABLE as error:
                self._away = True
                log.warning("the issuer's keys cannot be read", issuer=self._issuer, error=repr(error))
            else:
                self._away = False
                self._replace(found)
            self._asked = time.monotonic()

    def _known(self, key_id: str | None) -> Key | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _replace(self, found: dict[str | None, Key]) -> None:
        old, self._keys = self._keys, found
        kept = all(name in found and _same(key, found[name]) for name, key in old.items())
        if not kept:
            self._on_change()

    async def _fetch(self) -> dict[str | None, Key]:
        async with httpx.AsyncClient(verify=authorities(), timeout=_TIMEOUT_SECONDS) as client:
            if self._jwks_url is None:
                about = await _json(client, self._issuer.rstrip("/") + "/.well-known/openid-configuration")
                if about["issuer"] != self._issuer:
                    raise ValueError(f"{self._issuer} says it is {about['issuer']}")
                self._jwks_url = str(about["jwks_uri"])
            return _read(await _json(client, self._jwks_url))


async def _json(client: httpx.AsyncClient, url: str) -> Any:
    response = await client.get(url)
    response.raise_for_status()
    return response.json()


def _read(document: Mapping[str, Any]) -> dict[str | None, Key]:
    """The keys that sign, by id; one of a kind that we do not know spoils none of the others."""
    keys: dict[str | None, Key] = {}
    for listed in document["keys"]:
        if listed.get("kty") not in _KINDS or listed.get("use") == "enc":
            continue
        try:
            key = JWKRegistry.import_key(listed)
        except (JoseError, ValueError, KeyError, TypeError):
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey):
            keys[key.kid] = key
    return keys


def _same(one: Key, other: Key) -> bool:
    return one.thumbprint() == other.thumbprint()
