"""Tokens: who gets in, who does not, and what happens when keys change or their issuer is away."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from shared.errors import Unauthenticated, Unavailable
from shared.security import keys, tokens
from shared.security.roles import Role
from shared.security.tokens import TokenVerifier
from tests.fixtures.identity import Issuer

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]
COMMUNITY = uuid4()


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(issuer.url, "linli")


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def claims(issuer: Issuer, **changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": issuer.url, "aud": "linli", "sub": "wang", "exp": now + 60} | changed


def unsigned(issuer: Issuer) -> str:
    return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims(issuer))}."


def signed_by_public_key(issuer: Issuer) -> str:
    """The oldest trick: the public key, which everybody knows, as the secret of an HMAC."""
    published = issuer.document("/keys")["keys"][0]
    secret = OctKey.import_key(json.dumps(published))
    return jwt.encode({"alg": "HS256", "kid": published["kid"]}, claims(issuer), secret, ["HS256"])


def tampered(issuer: Issuer) -> str:
    head, _, signature = issuer.token("wang", {COMMUNITY: ["resident"]}).split(".")
    return f"{head}.{encoded(claims(issuer, sub='mayor'))}.{signature}"


def foreign_key_with_our_id(issuer: Issuer) -> str:
    published = issuer.document("/keys")["keys"][-1]["kid"]
    forged = ECKey.generate_key("P-256", {"kid": published}, private=True)
    return issuer.token("wang", key=forged)


BAD_TOKENS: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda issuer: issuer.token("wang", lifetime=-31),
    "of another issuer": lambda issuer: issuer.token("wang", iss="https://elsewhere.example"),
    "for another audience": lambda issuer: issuer.token("wang", audience="shop"),
    "for no audience": lambda issuer: issuer.token("wang", aud=[]),
    "without subject": lambda issuer: issuer.token("", {}),
    "with a subject of 129 characters": lambda issuer: issuer.token("w" * 129),
    "with a subject that has a space": lambda issuer: issuer.token("wang li"),
    "with a subject that is not ASCII": lambda issuer: issuer.token("王丽"),
    "with a number as subject": lambda issuer: issuer.token("wang", sub=7),
    "without an end": lambda issuer: issuer.token("wang", exp=None),
    "with a text as end": lambda issuer: issuer.token("wang", exp="tomorrow"),
    "not valid yet": lambda issuer: issuer.token("wang", nbf=int(time.time()) + 3600),
    "by a stranger's key": lambda issuer: issuer.token("wang", key=issuer.strange_key()),
    "by a stranger with our key's id": foreign_key_with_our_id,
    "unsigned": unsigned,
    "signed by the public key as a secret": signed_by_public_key,
    "tampered with": tampered,
    "without its signature": lambda issuer: issuer.token("wang").rsplit(".", 1)[0] + ".",
    "with roles of another form": lambda issuer: issuer.token("wang", linli={"communities": ["x"]}),
    "with a community that is no id": lambda issuer: issuer.token("wang", {"here": ["resident"]}),
    "empty": lambda _: "",
    "no token": lambda _: "abc",
    "not even text": lambda _: "….….…",
    "too long": lambda issuer: issuer.token("wang", much="x" * 9000),
    "with a critical header that we do not know": lambda issuer: (
        f"{encoded({'alg': 'ES256', 'crit': ['x'], 'x': 1})}.{encoded(claims(issuer))}.AA"
    ),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_bad_tokens_are_refused(verifier: TokenVerifier, issuer: Issuer, kind: str) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.verify(BAD_TOKENS[kind](issuer))


async def test_a_good_token_tells_person_and_roles(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = issuer.token("wang", {COMMUNITY: ["resident", "juggler", "platform"]}, lifetime=-20)
    actor = await verifier.verify(token)
    assert actor.person == "wang"
    assert actor.roles == {COMMUNITY: frozenset({Role.resident})}, "unknown roles and platform are left out"
    assert not actor.platform
    assert (await verifier.verify(issuer.token("root", platform=True))).platform


async def test_keys_are_asked_for_once(issuer: Issuer) -> None:
    verifier = TokenVerifier(issuer.url, "linli", issuer.jwks_url)
    before = issuer.requests
    for person in ("a", "b", "c"):
        await verifier.verify(issuer.token(person))
    assert issuer.requests == before + 1


async def test_a_remembered_token_still_expires(
    verifier: TokenVerifier, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token("wang", lifetime=60)
    await verifier.verify(token)
    later = time.time() + 91
    monkeypatch.setattr(time, "time", lambda: later)
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="expired"):
            await verifier.verify(token)


async def test_no_more_tokens_are_remembered_than_fit(
    verifier: TokenVerifier, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_REMEMBERED", 3)
    for number in range(10):
        await verifier.verify(issuer.token(f"person-{number}"))
    assert len(verifier._remembered) == 3


async def test_a_new_key_is_found_and_forged_ids_do_not_flood_the_issuer(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = TokenVerifier(issuer.url, "linli", issuer.jwks_url)
    await verifier.verify(issuer.token("wang"))
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 0.0)
    issuer.rotate()
    assert (await verifier.verify(issuer.token("li"))).person == "li"
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 60.0)
    before = issuer.requests
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await verifier.verify(issuer.token("wang", key=issuer.strange_key()))
    assert issuer.requests == before


async def test_tokens_of_a_withdrawn_key_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Issuer()
    try:
        verifier = TokenVerifier(own.url, "linli")
        token = own.token("wang")
        await verifier.verify(token)
        own._keys.clear()
        own.rotate()
        assert (await verifier.verify(token)).person == "wang", "believed until it is time to ask again"
        monkeypatch.setattr(keys, "FRESH_SECONDS", -1.0)
        monkeypatch.setattr(keys, "PAUSE_SECONDS", 0.0)
        with pytest.raises(Unauthenticated):
            await verifier.verify(token)
    finally:
        own.close()


async def test_with_the_issuer_away_known_keys_go_on_working(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Issuer()
    verifier = TokenVerifier(own.url, "linli")
    known, other = own.token("wang"), own.token("li")
    stranger = own.token("zhao", key=own.strange_key())
    await verifier.verify(known)
    own.close()
    monkeypatch.setattr(keys, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 0.0)
    assert (await verifier.verify(known)).person == "wang"
    assert (await verifier.verify(other)).person == "li"
    with pytest.raises(Unavailable):
        await verifier.verify(stranger)


ALGORITHMS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: RSAKey.generate_key(2048, {"kid": "k"}, private=True),
    "ES256": lambda: ECKey.generate_key("P-256", {"kid": "k"}, private=True),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519", {"kid": "k"}, private=True),
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_the_usual_algorithms_are_understood(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    key = ALGORITHMS[algorithm]()
    document = KeySet([key]).as_dict(private=False)
    document["keys"] += [{"kty": "oct", "k": "AA"}, {"kty": "EC", "crv": "P-999", "x": "A", "y": "A"}]
    monkeypatch.setattr(issuer, "document", lambda _path: document)
    verifier = TokenVerifier(issuer.url, "linli", issuer.jwks_url)
    for header in ({"kid": "k"}, {}):  # without an id the only key is meant
        token = jwt.encode({"alg": algorithm, **header}, claims(issuer), key, [algorithm])
        assert (await verifier.verify(token)).person == "wang"
