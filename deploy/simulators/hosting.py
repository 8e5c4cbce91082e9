"""Runs one simulator: an ASGI application on the loopback address beside its background tasks."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LOOPBACK = "127.0.0.1"
Background = Callable[[], Coroutine[Any, Any, None]]

logger = logging.getLogger(__name__)


class PortTaken(Exception):
    """The asked port belongs to another program."""


class Connections:
    """Open client connections by peer address, so that a fault can cut one without an answer."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's protocol class, enrolling each connection here."""
        transports = self._transports

        class Enrolling(HttpToolsProtocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return Enrolling

    def cut(self, scope: Scope) -> None:
        """Resets the connection that carries this request."""
        transport = self._transports.get(tuple(scope["client"]))
        if transport is not None:
            transport.abort()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to `host`: uvicorn would raise them again before we have cleaned up."""
        yield


def listening_socket(port: int) -> socket.socket:
    """A bound loopback socket; port 0 means any free one; raises PortTaken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
    except OSError as error:
        bound.close()
        raise PortTaken(
            f"port {port} of {LOOPBACK} is taken ({error.strerror}): choose another --port"
        ) from error
    return bound


async def host(
    application: ASGIApp,
    bound: socket.socket,
    *background: Background,
    connections: Connections | None = None,
    signals: bool = True,
) -> None:
    """Serves until SIGTERM, SIGINT or cancellation; a background task that dies ends the whole."""
    server = _Server(
        uvicorn.Config(
            application,
            http=(connections or Connections()).protocol(),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    if signals:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, setattr, server, "should_exit", True)
    tasks = [asyncio.ensure_future(task()) for task in background]
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    try:
        done, _ = await asyncio.wait([serving, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        bound.close()
