"""A process of ours: its own session, its output in a log, never outliving the one who started it."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from deploy.embedded.accounts import Account
from deploy.embedded.failures import StartFailed

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child may not import anything.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_LOG_LIMIT = 20_000_000


class Child:
    """One long-running process; without `log` it writes where we write.

    Its life ends with the thread that started it: start it from a thread that lives as long as it should
    (Linux only; elsewhere leftovers are found and ended at the next start, see `leftovers.py`).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path | None,
        environment: Mapping[str, str],
        folder: Path | None = None,
        account: Account | None = None,
        death_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.environment = dict(environment)
        self.folder = folder
        self.account = account
        self.death_signal = death_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begins = 0

    @property
    def pid(self) -> int:
        """The process id; raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the process; returns at once, `wait_until` waits for it to be of use."""
        if self.alive:
            raise RuntimeError(f"{self.name} is already running")
        account = self.account
        with _output(self.log) as output:
            self._log_begins = output.tell() if output else 0
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                # Ctrl-C in a terminal reaches the whole foreground group; the suite stops in its own order.
                start_new_session=True,
                # Two system calls and no allocation: safe beside threads.
                preexec_fn=_die_with_parent(os.getpid(), self.death_signal),  # noqa: PLW1509
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float, remedy: str) -> None:
        """Wait for `ready`; raises StartFailed with the log's last lines if it dies or the time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise StartFailed(self.name, f"it ended with code {self.exit_code}.\n{self.tail()}", remedy)
            if time.monotonic() > deadline:
                raise StartFailed(self.name, f"it was not ready after {seconds:g} s.\n{self.tail()}", remedy)
            time.sleep(0.02)

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log that say more than routine, of this life of the process only."""
        if self.log is None:
            return ""
        if not self.log.exists():
            return f"(no log at {self.log})"
        with self.log.open("rb") as file:
            file.seek(max(self._log_begins, self.log.stat().st_size - 64_000))
            text = file.read().decode(errors="replace")
        said = [line for line in text.splitlines() if not _is_routine(line)] or text.splitlines()
        return "\n".join([*map(readable, said[-lines:]), f"(log: {self.log})"])

    def stop(self, seconds: float = 10.0, first: signal.Signals = signal.SIGTERM) -> bool:
        """Ask it to end, and kill it after `seconds`; True when it ended by itself."""
        if not self.alive:
            return True
        self.ask(first)
        if self.ended(seconds):
            return True
        self.kill()
        return False

    def ask(self, wanted: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to the process itself (not to its children), without waiting."""
        if self._process is not None:
            self._process.send_signal(wanted)
            self._process.send_signal(signal.SIGCONT)  # a paused process would never hear it

    def ended(self, seconds: float) -> bool:
        """Wait for the end at most `seconds`; whether it came."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(seconds, 0.01))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL the process and all its descendants, and wait until they are gone."""
        if not self.alive:
            return
        family = self._family()
        _signal_all(family, signal.SIGKILL)
        self.ended(10)
        deadline = time.monotonic() + 10
        while any(_is_running(process) for process in family) and time.monotonic() < deadline:
            time.sleep(0.01)

    def pause(self) -> None:
        """SIGSTOP: the process hangs, its connections stay open."""
        _signal_all(self._family(), signal.SIGSTOP)

    def resume(self) -> None:
        _signal_all(self._family(), signal.SIGCONT)

    def _family(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        return []


def readable(line: str) -> str:
    """A line of a JSON log as a sentence, with an exception's last line; other lines as they are."""
    entry = _entry(line)
    if entry is None:
        return line
    said = [str(entry.get(name, "")) for name in ("time", "level", "event")]
    exception = str(entry.get("exception", "")).strip().splitlines()
    return " ".join([*said, *exception[-1:]])


def _is_routine(line: str) -> bool:
    entry = _entry(line)
    return entry is not None and entry.get("level") in ("debug", "info")


def _entry(line: str) -> dict[str, Any] | None:
    """A line of a JSON log, or None for any other line."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "event" in entry else None


def _signal_all(processes: Sequence[psutil.Process], wanted: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(wanted)


def _is_running(process: psutil.Process) -> bool:
    """Whether it still holds files and ports; a zombie that nobody reaps does not."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _output(log: Path | None) -> AbstractContextManager[BinaryIO | None]:
    """The log to append to, or None: our own output."""
    if log is None:
        return nullcontext()
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".1.log"))
    return log.open("ab")


def _die_with_parent(parent: int, wanted: signal.Signals) -> Callable[[], None] | None:
    """What the child does between fork and exec: ask the kernel for a signal when its parent dies."""
    libc = _LIBC
    if libc is None:
        return None

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(wanted))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return arrange
