"""HTTP served by uvicorn inside our own process: our loop, our signals, our log lines."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

BACKLOG = 2048
FINISH_SECONDS = 3
"""How long requests under way may take once the process stops; an endless stream is cut off then."""


class CannotListenError(OSError):
    """The address is taken or not ours; the message says what to do."""


def bind(host: str, port: int) -> socket.socket:
    """Takes an address before anything else starts; port 0 takes a free one. Raises CannotListenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListenError(error.errno, _advice(host, port, error)) from error
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds what listens there."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reachable}:{port}"


class HttpServer:
    """One application on one listening socket; `stop` finishes the requests under way."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._listener = listener
        self._server = _Server(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=75,
            )
        )

    async def run(self) -> None:
        """Serves until `stop`."""
        await self._server.serve(sockets=[self._listener])

    async def listening(self) -> None:
        """Waits until requests are answered."""
        await self._server.listening.wait()

    def stop(self) -> None:
        """Accepts no more connections and ends when the requests under way are answered."""
        self._server.stop()


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to the supervisor's process, which stops more than HTTP.

    It stops when it is told to: uvicorn's own looks for that ten times a second, and sleeps once more.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # writes the answers' date
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                while state.connections or state.tasks:  # noqa: ASYNC110  sets that tell of no change
                    await asyncio.sleep(0.01)
        except TimeoutError:
            for task in state.tasks:
                task.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"{host}:{port} is in use by another process; stop that one "
            f"(`ss -ltnp 'sport = :{port}'` names it), or set PORT to another, 0 for any free one"
        )
    if error.errno == errno.EACCES:
        return f"{host}:{port} needs more rights than this user has; set PORT to one above 1023"
    return (
        f"{host}:{port} cannot be listened at ({error.strerror}); set BIND_HOST to an address of this machine"
    )
