"""Signatures of devices and providers: HMAC-SHA256 over the time of signing and the raw body."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from shared.errors import Unauthenticated

SIGNED_AT = "Linli-Signed-At"
KEY_ID = "Linli-Key-Id"
SIGNATURE = "Linli-Signature"
WINDOW = timedelta(minutes=5)

_REFUSED = "the signature is missing, too old or not ours"


def sign(body: bytes, *, key_id: str, secret: str, at: datetime | None = None) -> dict[str, str]:
    """Make the headers that sign a body; `at` is wall time, now when left out."""
    signed_at = (at or datetime.now(UTC)).isoformat()
    return {KEY_ID: key_id, SIGNED_AT: signed_at, SIGNATURE: _digest(secret, signed_at, body)}


def verify(
    headers: Mapping[str, str], body: bytes, *, secrets: Mapping[str, str], at: datetime | None = None
) -> str:
    """Check the signature and return the id of the key that made it.

    `secrets` holds the live keys by id: two while one replaces the other. `at` is wall time. A
    body that is sent again within the window passes again: what it says must have ids.

    Raises:
        Unauthenticated: no signature, an unknown key, another body, or signed more than five minutes away.
    """
    key_id, signed_at = headers.get(KEY_ID, ""), headers.get(SIGNED_AT, "")
    given = headers.get(SIGNATURE, "")
    # An unknown key costs the same time as a wrong signature, so that key ids cannot be probed.
    expected = _digest(secrets.get(key_id, ""), signed_at, body)
    genuine = hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))
    if not genuine or not secrets.get(key_id) or not _recent(signed_at, at or datetime.now(UTC)):
        raise Unauthenticated(_REFUSED)
    return key_id


def _digest(secret: str, signed_at: str, body: bytes) -> str:
    message = signed_at.encode("utf-8", "surrogateescape") + b"." + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _recent(signed_at: str, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(signed_at)
    except ValueError:
        return False
    return at.tzinfo is not None and abs(now - at) <= WINDOW
