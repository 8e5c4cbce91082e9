"""A service's API in a process of its own, for as long as it is measured."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded.databases import DatabaseUrls
from tests.fixtures.identity import Issuer


@contextmanager
def serving(module: str, urls: DatabaseUrls, issuer: Issuer) -> Iterator[str]:
    """Run the API alone and give its address; its log lines are written and thrown away."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": urls.url,
        "DATABASE_SYSTEM_URL": urls.system_url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "OIDC_ISSUER": issuer.url,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "PORT": str(port),
    }
    command = [sys.executable, "-m", module, "serve", "--only", "api"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not become ready within 30 s")
