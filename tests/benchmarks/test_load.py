"""The load generator counts what it sent, and says so when a server misbehaves."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.benchmarks.load import Plan, run, run_apart

pytestmark = pytest.mark.anyio
Answer = Callable[[bytes, bytes], bytes]


def reply(status: int, body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                given = answer(head, await reader.readexactly(length))
                if not given:
                    break
                half = len(given) // 2  # answers may come in pieces
                writer.write(given[:half])
                await asyncio.sleep(0)
                writer.write(given[half:])
        except (asyncio.IncompleteReadError, OSError):
            pass
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/x"
    finally:
        listening.close()
        await listening.wait_closed()


async def test_every_request_is_whole_and_its_own() -> None:
    seen: list[tuple[str, str]] = []

    def answer(head: bytes, body: bytes) -> bytes:
        key = head.split(b"Key: ")[1].split(b"\r\n")[0].decode()
        seen.append((key, json.loads(body)["id"]))
        return reply(201 if len(seen) % 3 else 429)

    async with server(answer) as url:
        plan = Plan(url, "POST", {"Key": "@unique@"}, ['{"id": "@unique@"}'], 8, 0.3, 0.1)
        load = await run(plan)
    assert len({key for key, _ in seen}) == len(seen)
    assert all(key == note for key, note in seen)
    assert set(load.statuses) == {"201", "429"}
    assert 0 < load.requests == sum(load.statuses.values()) < len(seen)
    assert load.per_second == pytest.approx(load.requests / load.seconds, rel=0.01)
    assert 0 < load.p50_ms <= load.p90_ms <= load.p99_ms <= load.worst_ms
    assert load.lost == 0


async def test_lost_connections_are_counted_and_opened_again() -> None:
    turn = 0

    def answer(_head: bytes, _body: bytes) -> bytes:
        nonlocal turn
        turn += 1
        return b"" if turn % 10 == 0 else reply(200)

    async with server(answer) as url:
        load = await run(Plan(url, connections=4, seconds=0.3, warm_up=0.05))
    assert load.lost > 0
    assert load.requests > load.lost


async def test_it_runs_apart() -> None:
    async with server(lambda _head, _body: reply(204, b"")) as url:
        load = await asyncio.to_thread(run_apart, Plan(url, connections=2, seconds=0.2, warm_up=0.05))
    assert set(load.statuses) == {"204"}


async def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="ConnectionRefusedError"):
        await asyncio.to_thread(run_apart, Plan("http://127.0.0.1:1/x", connections=1, seconds=0.1))
