"""The clear number, from the moment it is read to the moment it is sent: normalised, sealed, opened, hashed.

Each key of the ring has an id. The first one seals; the others only open, so that a key is rotated by putting
a new one in front and removing the old one once `reseal_contacts` counts no number under it. The key for
look-up is derived from the same secret by HKDF, so one rotation covers both.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import phonenumbers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class InvalidPhone(ValueError):
    """A text that is no telephone number; the message does not repeat it."""


class InvalidKeys(ValueError):
    """PHONE_KEYS cannot be read; the message does not repeat it."""


class UnknownKey(LookupError):
    """A number was sealed with a key that PHONE_KEYS does not have, or for somebody else."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A number as the database has it."""

    key: str
    ciphertext: bytes
    hash: bytes


def normalised(text: str, region: str = "CN") -> str:
    """Write a number in E.164; without a country code it is one of `region`.

    Raises:
        InvalidPhone: it cannot be a number.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise InvalidPhone("this is not a telephone number") from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone("there can be no such telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Phones:
    """Seals and opens numbers with a ring of keys."""

    def __init__(self, ring: Mapping[str, bytes]) -> None:
        self._ciphers = {name: AESGCM(secret) for name, secret in ring.items()}
        self._lookups = {name: _lookup_key(secret) for name, secret in ring.items()}
        self.current = next(iter(ring))

    def seal(self, number: str, community: UUID, person: str) -> Sealed:
        """Seal a normalised number for one person; in another's row it does not open."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self.current].encrypt(nonce, number.encode(), _owner(community, person))
        return Sealed(self.current, nonce + sealed, self._hash(self.current, number))

    def open(self, key: str, ciphertext: bytes, community: UUID, person: str) -> str:
        """Open a sealed number.

        Raises:
            UnknownKey: its key was removed too early, or is another one of that id.
        """
        cipher = self._ciphers.get(key)
        if cipher is None:
            raise UnknownKey(f"PHONE_KEYS no longer has the key {key}")
        nonce, sealed = ciphertext[:_NONCE], ciphertext[_NONCE:]
        try:
            return cipher.decrypt(nonce, sealed, _owner(community, person)).decode()
        except InvalidTag:
            raise UnknownKey(f"the key {key} in PHONE_KEYS is not the one that sealed it") from None

    def hashes(self, number: str) -> Sequence[bytes]:
        """Give what a normalised number may be found by: one keyed hash for each key of the ring."""
        return [self._hash(name, number) for name in self._lookups]

    def _hash(self, key: str, number: str) -> bytes:
        return hmac.digest(self._lookups[key], number.encode(), hashlib.sha256)


def phones_from(written: str) -> Phones:
    """Read a ring of keys, `id:base64,id:base64`, the current one first; each key has 32 bytes.

    Raises:
        InvalidKeys: it says which part is wrong, without repeating it.
    """
    ring: dict[str, bytes] = {}
    for number, part in enumerate(written.split(","), 1):
        name, _, secret = part.strip().partition(":")
        try:
            key = base64.b64decode(secret, validate=True)
        except binascii.Error:
            raise InvalidKeys(f"key {number}: what follows the id is not base64") from None
        if not name or len(key) != 32 or name in ring:
            raise InvalidKeys(f"key {number}: an id of its own and 32 bytes in base64 are needed")
        ring[name] = key
    return Phones(ring)


def _lookup_key(secret: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"linli notify phone look-up").derive(secret)


def _owner(community: UUID, person: str) -> bytes:
    return community.bytes + person.encode()
