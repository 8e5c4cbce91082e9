"""A service as a real child process, its log lines read as an operator's collector would."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from shared.runtime.settings import ServiceSettings


class Process:
    """One child; what it logs comes in as dictionaries."""

    def __init__(self, module: str, environment: Mapping[str, str], *arguments: str) -> None:
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.seen: list[dict[str, Any]] = []
        self.child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def until(self, event: str, seconds: float = 30) -> dict[str, Any]:
        """Reads on until a line says this."""
        deadline = time.monotonic() + seconds
        while True:
            line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            assert line is not None, (
                f"the process ended before it said {event!r}: {self.seen} {self.errors()}"
            )
            self.seen.append(line)
            if line["event"] == event:
                return line

    def ends(self, seconds: float) -> tuple[int, float]:
        """Waits for the end; returns exit code and how long it took."""
        began = time.monotonic()
        code = self.child.wait(seconds)
        took = time.monotonic() - began
        while (line := self._lines.get(timeout=5)) is not None:
            self.seen.append(line)
        return code, took

    def errors(self) -> str:
        """What it wrote to stderr; only once it has ended."""
        assert self.child.stderr is not None
        return self.child.stderr.read()

    def said(self) -> list[str]:
        """The events of all its lines so far."""
        return [line["event"] for line in self.seen]


@contextmanager
def started(module: str, settings: ServiceSettings, *arguments: str, **environment: str) -> Iterator[Process]:
    """A service with these settings; killed at the block's end if it still runs."""
    process = Process(module, environment_of(settings) | environment, "serve", *arguments)
    try:
        yield process
    finally:
        if process.child.poll() is None:
            process.child.send_signal(signal.SIGKILL)
        process.child.wait()
        for stream in (process.child.stdout, process.child.stderr):
            assert stream is not None
            stream.close()


def environment_of(settings: ServiceSettings) -> dict[str, str]:
    """The settings as variables."""
    values = settings.model_dump(exclude_none=True)
    return {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
    }
