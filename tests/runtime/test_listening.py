"""The HTTP server: it says where it listens, what is wrong with an address, and finishes what it began."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from shared.runtime.listening import CannotListenError, HttpServer, bind, url_of

pytestmark = pytest.mark.anyio


async def slow(request: Request) -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        yield "begun, "
        await asyncio.sleep(float(request.query_params["seconds"]))
        yield "done"

    return StreamingResponse(body())


@asynccontextmanager
async def served() -> AsyncIterator[tuple[HttpServer, str, "asyncio.Task[None]"]]:
    listener = bind("127.0.0.1", 0)
    server = HttpServer(Starlette(routes=[Route("/slow", slow)]), listener)
    task = asyncio.create_task(server.run())
    await server.listening()
    yield server, url_of(listener), task
    server.stop()
    await asyncio.wait_for(task, 6)


async def test_a_request_under_way_is_finished_and_no_other_begun() -> None:
    async with served() as (server, url, task), httpx.AsyncClient(base_url=url) as client:
        async with client.stream("GET", "/slow", params={"seconds": 0.3}) as answer:
            server.stop()
            assert await answer.aread() == b"begun, done"
        await asyncio.wait_for(task, 2)
        with pytest.raises(httpx.ConnectError):
            await client.get("/slow", params={"seconds": 0})


async def test_an_idle_connection_does_not_delay_the_end() -> None:
    async with served() as (server, url, task), httpx.AsyncClient(base_url=url) as client:
        await client.get("/slow", params={"seconds": 0})
        server.stop()
        await asyncio.wait_for(task, 2.5)  # less than a request under way would be given


async def test_the_signals_stay_ours() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with served():
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_a_port_in_use_is_named_with_what_to_do() -> None:
    taken = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with pytest.raises(CannotListenError, match=f"127.0.0.1:{port} is in use .* set PORT to another"):
        bind("127.0.0.1", port)
    taken.close()


async def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(CannotListenError, match="set BIND_HOST"):
        bind("192.0.2.1", 0)


async def test_the_url_can_be_opened_also_when_listening_everywhere() -> None:
    listener = bind("0.0.0.0", 0)
    assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
