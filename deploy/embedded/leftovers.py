"""Processes that an earlier run of this folder left behind, say after a kill -9 of the suite itself.

On Linux the kernel has told them to end, and some may still be draining; elsewhere they run on.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

_DRAINING_SECONDS = 12


def note_processes(file: Path, pids: Iterable[int]) -> None:
    """Write down who runs now; a pid alone would not do, since it may be another's one day."""
    running = []
    for pid in pids:
        try:
            running.append([pid, psutil.Process(pid).create_time()])
        except psutil.NoSuchProcess:
            continue
    file.write_text(json.dumps(running))


def end_leftovers(file: Path) -> int:
    """End who is written down and still runs; returns how many there were."""
    found = list(_still_running(file))
    for process in found:
        process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=_DRAINING_SECONDS)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    file.unlink(missing_ok=True)
    return len(found)


def _still_running(file: Path) -> Iterator[psutil.Process]:
    try:
        noted = json.loads(file.read_text())
    except (OSError, ValueError):
        return
    for pid, created in noted:
        try:
            process = psutil.Process(pid)
            if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.NoSuchProcess:
            continue
