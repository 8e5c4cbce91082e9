"""Free ports on the loopback address."""

import random
import socket
from collections.abc import Collection

LOOPBACK = "127.0.0.1"
# Below the ephemeral range of Linux and macOS: a port that a stopped server left must not be taken by an
# outgoing connection before the server comes back.
CANDIDATES = range(15000, 30000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None, *, taken: Collection[int] = ()) -> int:
    """The preferred port when it is free, else any free one; never one that is `taken` for another piece.

    Raises OSError when 200 random ports are all in use.
    """
    if preferred is not None and preferred not in taken and is_free(preferred):
        return preferred
    for port in random.sample(CANDIDATES, 200):
        if port not in taken and is_free(port):
            return port
    raise OSError("200 random ports on 127.0.0.1 are all in use")


def is_open(port: int, host: str = LOOPBACK) -> bool:
    """Whether something listens there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0
