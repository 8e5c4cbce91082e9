"""An embedded PostgreSQL 18 server over TCP on 127.0.0.1."""

import os
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.embedded.accounts import Account, reachable_folder, server_account
from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import NOTE, PROGRAMS
from deploy.embedded.ports import LOOPBACK, free_port
from deploy.embedded.postgres_binaries import postgres_programs
from deploy.embedded.processes import Child

SETTINGS = Path(__file__).parent / "postgresql.conf"
SUPERUSER = "postgres"
REMEDY = "Read the log above; `make clean` starts with empty data."


class Postgres:
    """One server with its data in `folder`; start and stop it as often as you like, the port stays."""

    def __init__(self, folder: Path, *, port: int | None = None, durable: bool = True) -> None:
        """`port` is a wish: another one is taken when it is in use. Without `durable` a crash of the
        whole machine may lose data, a crash of the server may not."""
        self.account: Account | None = server_account()
        place = reachable_folder(self.account, folder)
        self.place = place
        self.data = place / "data"
        self.durable = durable
        self.wanted_port = port
        self.port: int | None = None
        self._secret = place / "superuser"
        self._note = folder / NOTE
        self._programs = postgres_programs(self.account, reachable_folder(self.account, PROGRAMS))
        self.child = Child(
            "postgres",
            [self._programs / "postgres", "-D", self.data],
            log=folder / "postgres.log",
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            folder=Path("/"),
            account=self.account,
            death_signal=signal.SIGINT,  # fast shutdown
        )

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """The address of a database, by default as the superuser."""
        word = password if password is not None else self.password
        return f"postgresql://{user}:{word}@{LOOPBACK}:{self.port}/{database}"

    @property
    def password(self) -> str:
        """The superuser's password, made up at the first start."""
        return self._secret.read_text().strip()

    def start(self, seconds: float = 30.0) -> None:
        """Create the data at the first start, run the server, and return when it answers."""
        self.launch()
        self.wait(seconds)

    def launch(self) -> None:
        """The first half of `start`: returns while the server is still coming up."""
        # Without the note the folder is a new one, and data elsewhere is that of one long removed.
        abandoned = self.place != self._note.parent and not self._note.exists()
        if abandoned or not (self.data / "PG_VERSION").exists():
            self._create()
        self._end_leftover()
        if self.port is None:
            self.port = free_port(self.wanted_port)
        self._write_settings()
        self.child.start()

    def wait(self, seconds: float = 30.0) -> None:
        """The second half of `start`."""
        self.child.wait_until(self._ready, seconds, REMEDY)

    def stop(self, seconds: float = 10.0) -> bool:
        """Fast shutdown: open transactions are rolled back; True when no force was needed."""
        return self.child.stop(seconds, signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the server and all its backends."""
        self.child.kill()

    def _create(self) -> None:
        """initdb into a fresh folder; a half-made one of an interrupted run is replaced."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.place.mkdir(parents=True, exist_ok=True)
        self._secret.touch(mode=0o600)
        self._secret.write_text(secrets.token_urlsafe(24))
        account = self.account
        if account is not None:
            os.chown(self.place, account.uid, account.gid)
            os.chown(self._secret, account.uid, account.gid)
        fresh = self.data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        command = [str(self._programs / "initdb"), "-D", str(fresh), "-U", SUPERUSER]
        command.append(f"--pwfile={self._secret}")
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        done = subprocess.run(
            [*command, *options, "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"],
            cwd="/",
            env=self.child.environment,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StartFailed("PostgreSQL's data could not be created", done.stderr.strip(), REMEDY)
        fresh.rename(self.data)
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.write_text(str(self.data))

    def _write_settings(self) -> None:
        settings = [SETTINGS.read_text(), f"port = {self.port}"]
        if not self.durable:
            settings.append("fsync = off\nfull_page_writes = off")
        (self.data / "postgresql.conf").write_text("\n".join(settings) + "\n")

    def _ready(self) -> bool:
        """The postmaster notes its state on the eighth line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.child.pid) and lines[7].strip() == "ready"

    def _end_leftover(self) -> None:
        """End a server that an interrupted run left on this data, or drop its stale pid file.

        The pid may belong to a stranger by now (containers reuse small ones), which PostgreSQL itself
        would take for a running server.
        """
        note = self.data / "postmaster.pid"
        try:
            pid = int(note.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        with suppress(psutil.NoSuchProcess):
            server = psutil.Process(pid)
            if str(self.data) in server.cmdline():
                server.send_signal(signal.SIGINT)
                server.wait(timeout=15)
        with suppress(FileNotFoundError):
            note.unlink()
