"""Nobody overwrites what somebody else has changed."""

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import LinliError, Malformed, PreconditionRequired, StaleVersion
from shared.http.etag import etag_of, required_version
from tests.http.conftest import Person

pytestmark = pytest.mark.anyio


async def written(client: httpx.AsyncClient, resident: Person) -> httpx.Response:
    return await client.post("/notes", json={"body": "milk"}, headers=resident.headers)


async def test_a_change_names_the_version_it_is_based_on(client: httpx.AsyncClient, resident: Person) -> None:
    made = await written(client, resident)
    address = made.headers["location"]
    assert (
        (await client.get(address, headers=resident.headers)).headers["etag"] == made.headers["etag"] == '"1"'
    )

    async def change(tag: str | None) -> httpx.Response:
        headers = resident.headers | ({} if tag is None else {"If-Match": tag})
        return await client.put(address, json={"body": "bread"}, headers=headers)

    missing = await change(None)
    assert (missing.status_code, missing.json()["type"]) == (428, "urn:linli:problem:precondition-required")
    changed = await change('"1"')
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    stale = await change('"1"')
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:linli:problem:stale-version")
    assert stale.json()["version"] == 2


async def test_of_many_changes_at_once_one_wins(client: httpx.AsyncClient, resident: Person) -> None:
    address = (await written(client, resident)).headers["location"]
    for version in range(1, 4):
        headers = resident.headers | {"If-Match": etag_of(version)}
        put = client.put
        answers = await asyncio.gather(
            *(put(address, json={"body": f"by {n}"}, headers=headers) for n in range(20))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (None, PreconditionRequired),
        ("*", PreconditionRequired),
        ('"1", "2"', Malformed),
        ('W/"1"', StaleVersion),
        ("1", StaleVersion),
        ('"abc"', StaleVersion),
        ('"-1"', StaleVersion),
        (f'"{"9" * 19}"', StaleVersion),
    ],
)
def test_other_tags_are_told(header: str | None, error: type[LinliError]) -> None:
    with pytest.raises(error):
        required_version(header)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_a_tag_means_its_version(version: int) -> None:
    assert required_version(etag_of(version)) == version
