"""Business time, by which deadlines, stays and duty are reckoned. A leaf: the standard library only."""

import asyncio
import fcntl
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

RECHECK_SECONDS = 0.02
_STILL = timedelta(0)
_log = logging.getLogger(__name__)


class Clock(Protocol):
    """Whoever knows the business time."""

    def now(self) -> datetime:
        """The business time, aware, in UTC; never earlier than what it said before."""
        ...


class SystemClock:
    """Business time in production: the wall clock's, held still when that is set back."""

    def __init__(self) -> None:
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        self._latest = max(self._latest, datetime.now(UTC))
        return self._latest


class BrokenClockFile(ValueError):
    """The anchor cannot be read: somebody wrote CLOCK_FILE by hand."""


class TimeRunsForward(ValueError):
    """A jump to an earlier business time was asked for."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """At wall time `wall` the business time was `business`; both run at the same speed from there."""

    wall: datetime
    business: datetime

    def at(self, wall: datetime) -> datetime:
        return self.business + (wall - self.wall)


class JumpingClock:
    """Business time of a demo, replay or test: the wall clock's plus what the anchor file says.

    All processes of a suite read the same file, so they agree at any instant. Without the file it is the wall
    time. Raises BrokenClockFile at construction only: a file broken later keeps the last good anchor.
    """

    def __init__(self, path: Path, *, recheck_seconds: float = RECHECK_SECONDS) -> None:
        self._path = path
        self._recheck_seconds = recheck_seconds
        self._checked = time.monotonic()
        self._signature = _signature(path)
        self._offset = _offset(path)
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        monotonic = time.monotonic()
        if monotonic - self._checked >= self._recheck_seconds:
            self._checked = monotonic
            self._recheck()
        self._latest = max(self._latest, datetime.now(UTC) + self._offset)
        return self._latest

    async def watch(self, jumped: Callable[[], None]) -> None:
        """Call `jumped` soon after each jump, until cancelled: what has become due need not wait its turn."""
        offset = self._offset
        while True:
            await asyncio.sleep(self._recheck_seconds)
            self.now()
            if self._offset != offset:
                offset = self._offset
                jumped()

    def _recheck(self) -> None:
        signature = _signature(self._path)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._offset = _offset(self._path)
        except BrokenClockFile as error:
            _log.warning("the clock keeps its last anchor: %s", error)


def jump(path: Path, to: datetime) -> datetime:
    """Sets the business time of all processes that read `path`; returns it.

    A file that does not exist yet may start in the past. Raises TimeRunsForward when `to` is earlier than the
    business time of an existing file, ValueError when `to` has no zone.
    """
    if to.tzinfo is None:
        raise ValueError(f"{to.isoformat()} has no time zone; write it as 2026-03-01T08:00:00+08:00")
    with _only_one(path):
        anchor, wall = read_anchor(path), datetime.now(UTC)
        if anchor is not None and to < anchor.at(wall):
            raise TimeRunsForward(
                f"business time is {anchor.at(wall).isoformat()} and never goes back to {to.isoformat()}; "
                f"a fresh start needs {path} removed together with the data"
            )
        _replace(path, Anchor(wall=wall, business=to.astimezone(UTC)))
    return to.astimezone(UTC)


def read_anchor(path: Path) -> Anchor | None:
    """What the file says, None without one; raises BrokenClockFile."""
    try:
        written = json.loads(path.read_text("utf-8"))
        wall, business = (datetime.fromisoformat(written[name]) for name in ("wall", "business"))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise BrokenClockFile(f'{path} should hold {{"wall": time, "business": time}}: {error!r}') from error
    if wall.tzinfo is None or business.tzinfo is None:
        raise BrokenClockFile(f"{path}: times need a zone")
    return Anchor(wall.astimezone(UTC), business.astimezone(UTC))


def _offset(path: Path) -> timedelta:
    anchor = read_anchor(path)
    return anchor.business - anchor.wall if anchor else _STILL


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _replace(path: Path, anchor: Anchor) -> None:
    """Readers see the old file or the new one, never half of one, also after a power cut."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
        json.dump({"wall": anchor.wall.isoformat(), "business": anchor.business.isoformat()}, file)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two jumps at once would both compare with the same old time, and the earlier could win."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
