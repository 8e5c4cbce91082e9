"""Append-only JSON lines on the disk, many writers to one fsync."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


class JournalInUse(Exception):
    """Another process holds this journal."""


class Journal:
    """What `append` took is on the disk once a later `durable()` has returned, kill -9 or not."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise JournalInUse(
                f"{path} is held by another simulator: stop it, or give another --state"
            ) from error
        self._path = path
        self._lines: list[bytes] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()

    def read(self) -> Iterator[dict[str, Any]]:
        """All entries from the start; a last line torn by a kill was never answered for, and is cut off."""
        whole = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                yield orjson.loads(line)
                whole += len(line)
        os.ftruncate(self._file.fileno(), whole)

    def append(self, entry: dict[str, Any]) -> None:
        """Queues an entry; whoever tells someone of it waits for `durable()` first."""
        self._lines.append(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
        self._wake.set()

    async def durable(self) -> None:
        """Returns when everything appended so far is on the disk."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._wake.set()
        await waiter

    async def run(self) -> None:
        """Writes what is queued as one piece, again and again; drains on cancellation."""
        flushing = asyncio.ensure_future(self._flush())
        try:
            while True:
                await asyncio.shield(flushing)
                await self._wake.wait()
                self._wake.clear()
                flushing = asyncio.ensure_future(self._flush())
        finally:
            await flushing
            await self._flush()

    async def _flush(self) -> None:
        lines, self._lines = self._lines, []
        waiting, self._waiting = self._waiting, []
        if lines:
            await asyncio.to_thread(self._write, b"".join(lines))
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _write(self, piece: bytes) -> None:
        self._file.write(piece)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Lets go of the file and its lock."""
        self._file.close()
