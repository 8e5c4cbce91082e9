"""Whether a piece that speaks HTTP can be used."""

import http.client

from deploy.embedded.ports import LOOPBACK


def is_ready(port: int) -> bool:
    """Ask `/health/ready` once; anything but a 2xx within a second is a no."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/health/ready")
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
