"""Whom outgoing calls trust to say who a server is."""

import ssl
from functools import cache

import httpx


@cache
def authorities() -> ssl.SSLContext:
    """Give the certificate authorities for a client of httpx; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.

    Read once a process: it takes 40 ms of a core, and a client reads them for itself unless it is given them.
    """
    return httpx.create_ssl_context()
