"""`make run` as its user sees it: up, the demo, live events, a death survived, and a clean end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.fixtures.folders import REPOSITORY, server_folder

pytestmark = pytest.mark.timeout(240)


class Terminal:
    """A running `make run` and what it has printed so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.embedded.run"],
            cwd=REPOSITORY,
            env=os.environ | {"LINLI_STATE": str(folder), "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._printed: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return "".join(self._printed)

    def wait_for(self, words: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.text}"
            assert time.monotonic() < deadline, f"no {words!r} after {seconds:g} s:\n{self.text}"
            time.sleep(0.05)

    def children(self) -> dict[str, psutil.Process]:
        """The suite's processes by the module they run."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return {" ".join(child.cmdline()[1:3]): child for child in found}

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        self.join()
        return code

    def join(self) -> None:
        """Wait until all that it printed has been read."""
        self._reader.join(5)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._printed.append(line)


@pytest.fixture
def folder() -> Iterator[Path]:
    with server_folder() as path:
        yield path


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def run_demo_day(folder: Path) -> None:
    ports = json.loads((folder / "ports.json").read_text())
    urls = {f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    urls["CLOCK_FILE"] = str(folder / "clock.json")
    command = [sys.executable, "-m", "deploy.demo", "day"]
    told = subprocess.run(
        command,
        check=False,
        cwd=REPOSITORY,
        env=os.environ | urls,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_run_comes_up_survives_a_death_keeps_its_data_and_ends_cleanly(folder: Path) -> None:
    first = Terminal(folder)
    first.wait_for("The suite is up", 120)
    first.wait_for("messages reached their phones", 90)
    first.wait_for("PostgreSQL", 10)
    first.children()["-m services.notify"].kill()
    first.wait_for("Starting it again", 10)
    run_demo_day(folder)
    first.wait_for("issue-reported", 20)
    first.wait_for("message-delivered", 20)
    family = psutil.Process(first.process.pid).children(recursive=True)
    began = time.monotonic()
    assert first.end() == 0, first.text
    assert time.monotonic() - began < 15
    # In a container without an init nobody buries a grandchild: a zombie is dead enough.
    assert [process for process in family if is_alive(process)] == []

    second = Terminal(folder)
    second.wait_for("The suite is up", 60)
    second.wait_for("澄湾社区 known", 30)  # the data was kept
    assert second.end() in (0, 130), second.text


def test_a_second_one_in_the_same_folder_is_refused_by_name(folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from deploy.embedded.folders import only_user\n"
        "with only_user(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        late = Terminal(folder)
        assert late.process.wait(30) == 1
        holder.kill()
    late.join()
    assert str(folder) in late.text.replace("\n", "")
    assert "Stop it with Ctrl-C first" in late.text
