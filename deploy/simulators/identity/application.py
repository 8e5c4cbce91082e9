"""The issuer's HTTP face: discovery, keys and tokens."""

import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from deploy.simulators.identity.grants import Grants
from deploy.simulators.identity.keys import ALGORITHM, KeyRing
from deploy.simulators.identity.register import Register

LONGEST_PERSON: Final = 128

NOTICE: Final = """Linli's development identity: anyone may have anyone's token. Never expose it.

A token:   curl -H 'content-type: application/json' -d '{{"person": "platform"}}' {issuer}/token
Discovery: {issuer}/.well-known/openid-configuration
"""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Tokens for whoever is named."""

    url: str
    audience: str
    lifetime: int
    keys: KeyRing
    register: Register
    grants: Grants

    async def token(self, request: Request) -> Response:
        """`POST /token` `{"person": id}`; someone unknown gets a token too, without roles."""
        # A page in the developer's browser can post a form without asking first, but not JSON.
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return _problem(415, "send application/json")
        try:
            asked = orjson.loads(await request.body())
        except orjson.JSONDecodeError as error:
            return _problem(400, f"the body is not JSON: {error}")
        person = asked.get("person") if isinstance(asked, dict) else None
        if not isinstance(person, str) or not 1 <= len(person) <= LONGEST_PERSON:
            return _problem(422, f"person must be a text of 1 to {LONGEST_PERSON} characters")
        answer = {"access_token": self.minted(person), "token_type": "Bearer", "expires_in": self.lifetime}
        return _json(answer, **{"cache-control": "no-store"})

    def minted(self, person: str) -> str:
        """A signed token of this person, with the roles of this moment."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.audience, "sub": person, "jti": str(uuid4())}
        times = {"iat": now, "exp": now + self.lifetime}
        return self.keys.sign(claims | times | {"linli": self.grants.claim(person, self.register)})

    async def discovery(self, _request: Request) -> Response:
        """What OpenID Connect Discovery 1.0 asks for, as far as this issuer has it."""
        return _json(
            {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/jwks",
                "token_endpoint": f"{self.url}/token",
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
            }
        )

    async def jwks(self, _request: Request) -> Response:
        """The public keys."""
        return _json(self.keys.published(), **{"cache-control": "public, max-age=5"})

    async def rotate(self, _request: Request) -> Response:
        """`POST /keys/rotate`: a new key signs from now on; the old one's tokens stay good."""
        return _json({"kid": self.keys.rotate()})

    async def notice(self, _request: Request) -> Response:
        """What this is, and how to get a token."""
        return PlainTextResponse(NOTICE.format(issuer=self.url))

    async def health(self, _request: Request) -> Response:
        """Alive, and how much of the register has been read."""
        known = {"communities": sum(1 for _ in self.register.communities()), "persons": self.register.persons}
        return _json({"status": "ok", **known})


def identity_application(issuer: Issuer) -> Starlette:
    """Everything the issuer answers to; only under this machine's own names, which ends DNS rebinding."""
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", issuer.discovery),
            Route("/jwks", issuer.jwks),
            Route("/token", issuer.token, methods=["POST"]),
            Route("/keys/rotate", issuer.rotate, methods=["POST"]),
            Route("/health/live", issuer.health),
            Route("/health/ready", issuer.health),
            Route("/", issuer.notice),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _json(content: dict[str, Any], **headers: str) -> Response:
    return Response(orjson.dumps(content), headers=headers, media_type="application/json")


def _problem(status: int, detail: str) -> Response:
    body = orjson.dumps({"type": "about:blank", "status": status, "detail": detail})
    return Response(body, status, media_type="application/problem+json")
