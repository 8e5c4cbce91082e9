"""Bearer tokens: OpenID Connect JWTs, verified once and remembered until they expire."""

import time
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jws import JWSRegistry, extract_compact

from shared.errors import Unauthenticated
from shared.security.actor import Actor, actor_of
from shared.security.keys import IssuerKeys

ALGORITHMS = ("RS256", "ES256", "EdDSA", "Ed25519")
_REMEMBERED = 20_000
_LONGEST = 8192


class TokenVerifier:
    """Verifies tokens of one issuer for one audience, by its published keys (asymmetric ones only).

    Without `jwks_url` the address comes from the issuer's discovery document. `leeway` (seconds) allows for
    clocks that differ. Times are wall time.
    """

    def __init__(self, issuer: str, audience: str, jwks_url: str | None = None, leeway: int = 30) -> None:
        self._leeway = leeway
        self._remembered: dict[str, tuple[Actor, float]] = {}
        self._keys = IssuerKeys(issuer, jwks_url, self._remembered.clear)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def verify(self, token: str) -> Actor:
        """Tell who bears the token.

        Raises:
            Unauthenticated: forged, expired, or made by or for somebody else.
            Unavailable: its key is not known yet and the issuer is away.
        """
        if self._remembered:
            await self._keys.keep_fresh()
        remembered = self._remembered.get(token)
        if remembered is not None:
            actor, until = remembered
            if time.time() < until:
                return actor
            del self._remembered[token]
            raise Unauthenticated("the token has expired")
        return await self._verify_new(token)

    async def _verify_new(self, token: str) -> Actor:
        if len(token) > _LONGEST:
            raise Unauthenticated(f"the token is longer than {_LONGEST} characters")
        try:
            header = extract_compact(token.encode("ascii"), registry=_REGISTRY).headers()
            key = await self._keys.find(_key_id(header))
            claims = jwt.decode(token, key, registry=_REGISTRY).claims
            self._claims.validate(claims)
            actor = actor_of(claims)
        except ExpiredTokenError as error:
            raise Unauthenticated("the token has expired") from error
        except ClaimError as error:
            raise Unauthenticated(f"the token's {error.claim} does not suit") from error
        except (JoseError, ValueError, TypeError) as error:
            raise Unauthenticated("the token cannot be verified") from error
        self._remember(token, actor, claims["exp"] + self._leeway)
        return actor

    def _remember(self, token: str, actor: Actor, until: float) -> None:
        if len(self._remembered) >= _REMEMBERED:
            # Dicts keep the order of insertion: the oldest goes, which is the likeliest to have expired.
            del self._remembered[next(iter(self._remembered))]
        self._remembered[token] = (actor, until)


class _Registry(JWSRegistry):
    """Our algorithms only: never `none`, never HMAC with a public key as its secret."""

    def get_alg(self, name: str) -> Any:
        # joserfc warns of the name EdDSA (RFC 9864 prefers Ed25519), but issuers go on using it.
        if name not in ALGORITHMS:
            raise Unauthenticated("the token's algorithm is not accepted")
        return self.algorithms[name]


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


def _key_id(header: dict[str, Any]) -> str | None:
    key_id = header.get("kid")
    return key_id if isinstance(key_id, str) else None


__all__ = ["Actor", "TokenVerifier"]
