"""The development identity: tokens that a verifier accepts, keys that outlive rotation and restarts."""

from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from deploy.simulators.identity.application import Issuer, identity_application
from deploy.simulators.identity.grants import DEVELOPMENT_GRANTS, Grants
from deploy.simulators.identity.keys import KeyRing
from deploy.simulators.identity.register import Register
from shared.contracts.issues.register import RoleGranted
from tests.simulators.test_register import COMMUNITY, COMPOUND, GRANT, event, places

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9999"


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def client(tmp_path: Path, register: Register) -> httpx.AsyncClient:
    issuer = Issuer(URL, "linli", 600, KeyRing(tmp_path, 600), register, Grants(DEVELOPMENT_GRANTS))
    transport = httpx.ASGITransport(identity_application(issuer))
    return httpx.AsyncClient(transport=transport, base_url=URL)


async def token(client: httpx.AsyncClient, person: str) -> str:
    answer = await client.post("/token", json={"person": person})
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 600
    return str(answer.json()["access_token"])


async def claims(client: httpx.AsyncClient, compact: str) -> dict[str, object]:
    keys = KeySet.import_key_set((await client.get("/jwks")).json())
    decoded = jwt.decode(compact, keys, algorithms=["ES256"])
    return dict(decoded.claims)


def jwt_key_id(compact: str) -> str:
    return str(jws.extract_compact(compact.encode()).headers()["kid"])


async def granted(client: httpx.AsyncClient, person: str) -> object:
    return (await claims(client, await token(client, person)))["linli"]


async def test_a_token_carries_the_registers_roles(client: httpx.AsyncClient, register: Register) -> None:
    for one in [*places(), event(RoleGranted(grant=GRANT, person="anna", role="guard", place=COMPOUND))]:
        register.apply(one)
    got = await claims(client, await token(client, "anna"))
    assert (got["iss"], got["aud"], got["sub"]) == (URL, "linli", "anna")
    assert got["linli"] == {"communities": {str(COMMUNITY): ["guard"]}}
    assert await granted(client, "stranger") == {"communities": {}}


async def test_bootstrap_grants_reach_every_community(client: httpx.AsyncClient, register: Register) -> None:
    assert await granted(client, "platform") == {"communities": {}, "platform": True}
    assert await granted(client, "system-intake") == {"communities": {}}
    register.apply(places()[0])
    assert await granted(client, "system-intake") == {"communities": {str(COMMUNITY): ["intake"]}}
    assert await granted(client, "system-importer") == {"communities": {str(COMMUNITY): ["importer"]}}


async def test_a_bad_grants_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grants.json"
    path.write_text('{"platform": {"plattform": true}}')
    with pytest.raises(ValueError, match="plattform"):
        Grants(path)


async def test_discovery_leads_to_keys_without_their_private_half(client: httpx.AsyncClient) -> None:
    found = (await client.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == URL
    keys = (await client.get(found["jwks_uri"])).json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256"}
    assert all(key["kid"] and "d" not in key for key in keys)


async def test_old_tokens_stay_good_after_a_rotation(client: httpx.AsyncClient) -> None:
    before = await token(client, "anna")
    published = {key["kid"] for key in (await client.get("/jwks")).json()["keys"]}
    kid = (await client.post("/keys/rotate")).json()["kid"]
    assert kid in published, "verifiers know the key before its first token"
    after = await token(client, "anna")
    assert (await claims(client, before))["sub"] == (await claims(client, after))["sub"] == "anna"
    assert jwt_key_id(before) != jwt_key_id(after) == kid
    assert len((await client.get("/jwks")).json()["keys"]) == 3


async def test_a_retired_key_disappears_when_its_last_token_has_expired(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path, lifetime=-200)
    compact = ring.sign({"sub": "anna"})
    ring.rotate()
    ring.rotate()
    keys = KeySet.import_key_set(cast("Any", ring.published()))
    with pytest.raises((InvalidKeyIdError, JoseError)):
        jwt.decode(compact, keys, algorithms=["ES256"])


async def test_keys_survive_a_restart_and_are_private_to_their_owner(tmp_path: Path) -> None:
    first = KeyRing(tmp_path, 600)
    first.rotate()
    assert KeyRing(tmp_path, 600).published() == first.published()
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "body", ["{", "[]", "{}", '{"person": ""}', '{"person": 7}', f'{{"person": "{"x" * 129}"}}']
)
async def test_a_bad_request_is_refused(client: httpx.AsyncClient, body: str) -> None:
    answer = await client.post("/token", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_browsers_of_other_sites_get_no_token(client: httpx.AsyncClient) -> None:
    form = await client.post("/token", content='{"person": "platform"}')
    assert form.status_code == 415
    elsewhere = {"host": "evil.example"}
    rebound = await client.post("/token", json={"person": "platform"}, headers=elsewhere)
    assert rebound.status_code == 400


async def test_it_says_that_it_is_for_development(client: httpx.AsyncClient) -> None:
    assert "Never expose it" in (await client.get("/")).text


async def test_an_unknown_community_in_a_grant_is_taken_as_written(tmp_path: Path) -> None:
    path = tmp_path / "grants.json"
    path.write_text(f'{{"desk": {{"communities": {{"{UUID(int=7)}": ["operator"]}}}}}}')
    assert Grants(path).claim("desk", Register()) == {"communities": {str(UUID(int=7)): ["operator"]}}
