"""Claim codes: what an anonymous reporter keeps instead of an account, `ABCDE-FGHJK-MNPQR-STVWX-YZ012`.

A code is derived from the case's id and a secret of this service, so that nothing is stored of it: neither
does the way in pay a write for it, nor can anybody who reads the database make one. It holds the first half
of the id, by which the case is found, and 61 bits of an HMAC over the whole id, which nobody guesses. Its
alphabet (Crockford's base 32) has no letters that are taken for digits.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_LETTERS = 25
_GROUP = 5
_TAG_BITS = 61
_HALF = 1 << 64
_PURPOSE = b"linli claim code\0"


class WrongCode(Exception):
    """The code opens no case; whether it is misspelt, of another time or made up is not said."""


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """A code as read: the first half of a case's id, and the proof."""

    half: int
    tag: int

    @property
    def ids(self) -> tuple[UUID, UUID]:
        """The first and the last id that begin so."""
        return UUID(int=self.half * _HALF), UUID(int=self.half * _HALF + _HALF - 1)

    def opens(self, case: UUID, secrets: Sequence[bytes]) -> bool:
        """Tell whether this is the code of a case, made by any of the secrets."""
        sent = self.tag.to_bytes(8)
        return any(hmac.compare_digest(sent, _tag(case, secret).to_bytes(8)) for secret in secrets)


def claim_code(case: UUID, secret: bytes) -> str:
    """Write the code of a case."""
    value = (case.int // _HALF) << _TAG_BITS | _tag(case, secret)
    letters = "".join(_ALPHABET[value >> 5 * place & 31] for place in reversed(range(_LETTERS)))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LETTERS, _GROUP))


def read_code(text: str) -> ClaimCode:
    """Read a code as people write it: in any case, with or without dashes and spaces, O for 0.

    Raises:
        WrongCode: it cannot be one.
    """
    letters = [letter for letter in text.upper() if letter not in "- "]
    if len(letters) != _LETTERS or not _VALUES.keys() >= set(letters):
        raise WrongCode("no case has this code")
    value = 0
    for letter in letters:
        value = value << 5 | _VALUES[letter]
    return ClaimCode(value >> _TAG_BITS, value & (1 << _TAG_BITS) - 1)


def _tag(case: UUID, secret: bytes) -> int:
    digest = hmac.digest(secret, _PURPOSE + case.bytes, hashlib.sha256)
    return int.from_bytes(digest[:8]) >> 64 - _TAG_BITS
