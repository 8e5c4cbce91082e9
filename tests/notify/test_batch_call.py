"""One call for many messages: a bad one among them stops no other, and no answer can stop the lane."""

from collections.abc import Callable, Sequence
from typing import Any

import httpx
import orjson
import pytest

from services.notify.channels.batch_call import call
from services.notify.channels.provider import Answer, Outgoing, Result

pytestmark = pytest.mark.anyio

Batch = Sequence[str]


async def answers(
    many: int, provider: Callable[[Batch], tuple[int, Any]], calls: list[Batch] | None = None
) -> Sequence[Answer]:
    """Hand over as many messages to a provider that answers each batch of tokens."""

    def handle(request: httpx.Request) -> httpx.Response:
        batch = [body["token"] for body in orjson.loads(request.content)["messages"]]
        if calls is not None:
            calls.append(batch)
        status, results = provider(batch)
        return httpx.Response(status, json={"results": results})

    messages = [Outgoing(str(index), "nowhere", {}, None, "zh", 1, None) for index in range(many)]
    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as http:
        return await call(http, "http://sms", messages, [{"token": message.token} for message in messages])


def taken(batch: Batch) -> list[dict[str, str]]:
    return [{"token": token, "status": "accepted", "provider_id": f"p-{token}"} for token in batch]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_what_makes_a_provider_turn_a_batch_away_is_found_and_the_rest_leaves(status: int) -> None:
    bad, calls = {"17", "64"}, list[Batch]()

    def provider(batch: Batch) -> tuple[int, Any]:
        return (status, None) if bad & set(batch) else (200, taken(batch))

    found = await answers(100, provider, calls)
    assert {str(number) for number, each in enumerate(found) if each.result is Result.REJECTED} == bad
    assert found[17].code == f"http-{status}"
    assert [each.provider_id for each in found if each.result is Result.ACCEPTED] == [
        f"p-{number}" for number in range(100) if str(number) not in bad
    ]
    assert len(calls) < 30


async def test_what_is_turned_away_as_a_whole_is_not_taken_apart() -> None:
    calls = list[Batch]()
    found = await answers(100, lambda _: (401, None), calls)
    assert ({each.result for each in found}, len(calls)) == ({Result.NOT_SENT}, 1)


async def test_taking_apart_ends_with_the_time_of_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.channels.batch_call.TOTAL_SECONDS", 0.0)
    calls = list[Batch]()
    found = await answers(4, lambda _: (422, None), calls)
    assert len(calls) <= 1
    assert {each.result for each in found} <= {Result.NOT_SENT, Result.UNKNOWN}


async def test_a_garbled_result_says_nothing_of_its_own_message_only() -> None:
    odd: list[Any] = [
        {"token": "0", "status": "accepted", "code": 0, "provider_id": 7},
        {"token": "1", "status": "rejected", "code": "a\x00b" * 100},
        {"token": "2", "status": "perhaps"},
        {"status": "accepted"},
        None,
        {"token": "3", "status": "accepted"},
    ]
    found = await answers(5, lambda _: (200, odd))
    assert [each.result for each in found] == ["accepted", "rejected", "unknown", "accepted", "unknown"]
    assert (found[0].code, found[0].provider_id) == ("0", "7")
    assert found[1].code == ("ab" * 100)[:128]


@pytest.mark.parametrize("status", [201, 202, 204, 207, 500, 503])
async def test_what_may_have_been_taken_is_unknown(status: int) -> None:
    assert {each.result for each in await answers(3, lambda batch: (status, taken(batch)))} == {"unknown"}
