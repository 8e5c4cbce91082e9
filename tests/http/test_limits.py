"""Bodies that are too large, over a real socket: the answer arrives, and the connection ends well."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fastapi import FastAPI

from shared.http.edge import REQUESTS
from shared.runtime.listening import HttpServer, bind, url_of
from tests.fixtures.identity import Issuer
from tests.http.conftest import Person

pytestmark = pytest.mark.anyio
LIMIT = 256 * 1024


class Wire:
    """One connection of a client that does as it is told, also badly."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, head: str, *parts: bytes) -> None:
        self.writer.write(head.replace("\n", "\r\n").encode())
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).decode("latin-1")
        status, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await asyncio.wait_for(self.reader.readexactly(int(headers.get("content-length", 0))), 5)
        return int(status.split()[1]), headers, body

    async def ended(self) -> bool:
        return await asyncio.wait_for(self.reader.read(1), 5) == b""


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    listener = bind("127.0.0.1", 0)
    server = HttpServer(app, listener)
    running = asyncio.create_task(server.run())
    await server.listening()
    yield int(url_of(listener).rsplit(":", 1)[1])
    server.stop()
    await running


@pytest.fixture
async def wire(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield Wire(reader, writer)
    writer.close()


def head(person: Person, path: str = "/notes/hot", **more: str) -> str:
    lines = [f"POST {path} HTTP/1.1", "Host: notes", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in {**person.headers, **more}.items()]
    return "\n".join(lines) + "\n\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def too_large(wire: Wire) -> None:
    status, headers, body = await wire.answer()
    assert status == 413
    assert b"urn:linli:problem:too-large" in body
    assert headers["connection"] == "close"
    assert await wire.ended()


async def test_an_announced_body_is_refused_before_it_is_sent(wire: Wire, resident: Person) -> None:
    await wire.send(head(resident, Content_Length="500000000", Expect="100-continue"))
    await too_large(wire)


async def test_one_that_is_sent_all_the_same_gets_its_answer(wire: Wire, resident: Person) -> None:
    await wire.send(head(resident, Content_Length=str(LIMIT * 8)), *[b"x" * LIMIT] * 8)
    await too_large(wire)


@pytest.mark.parametrize("path", ["/notes/hot", "/notes/plain"])
async def test_a_stream_is_counted(wire: Wire, resident: Person, path: str) -> None:
    await wire.send(head(resident, path, Transfer_Encoding="chunked"), *[chunk(b"x" * 65536)] * 6, chunk(b""))
    await too_large(wire)


async def test_a_client_that_never_ends_is_left(wire: Wire, resident: Person) -> None:
    await wire.send(head(resident, Content_Length="500000000"))
    began = time.monotonic()
    await too_large(wire)
    assert time.monotonic() - began < 4


async def test_the_limit_itself_passes_and_the_connection_stays(wire: Wire, resident: Person) -> None:
    content = b'{"body": "milk"' + b" " * (LIMIT - 16) + b"}"
    assert len(content) == LIMIT
    for _ in range(2):
        await wire.send(head(resident, Content_Length=str(LIMIT)), content)
        assert (await wire.answer())[0] == 201


async def test_a_route_may_take_more(wire: Wire, issuer: Issuer, community: UUID) -> None:
    importer = Person("importer", issuer.headers("importer", {community: ["importer"]}))
    parts = [chunk(b"x" * 65536)] * 100
    await wire.send(head(importer, "/import", Transfer_Encoding="chunked"), *parts, chunk(b""))
    assert (await wire.answer())[2] == b"6553600"
    await wire.send(head(importer, "/import", Transfer_Encoding="chunked"), *parts, *parts[:30], chunk(b""))
    await too_large(wire)


async def test_a_stranger_is_sent_away_whatever_he_sends(wire: Wire) -> None:
    await wire.send(head(Person("nobody", {}), Content_Length="500000000", Expect="100-continue"))
    assert (await wire.answer())[0] == 401


async def test_one_who_goes_away_is_no_error_of_ours(
    wire: Wire, resident: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = REQUESTS.labels("POST", "/notes/hot", "499")
    before = gone._value.get()
    await wire.send(head(resident, Content_Length="1000"), b"x" * 10)
    await asyncio.sleep(0.1)
    wire.writer.close()
    for _ in range(500):
        if gone._value.get() > before:
            break
        await asyncio.sleep(0.01)
    assert gone._value.get() == before + 1
    assert "unforeseen error" not in capsys.readouterr().out
