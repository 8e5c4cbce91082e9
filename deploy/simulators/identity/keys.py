"""The issuer's signing keys, kept across restarts and rotated on demand."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey

ALGORITHM: Final = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key; one that was replaced is still published until its last token has expired."""

    key: ECKey
    retired_at: float | None = None

    def stored(self) -> dict[str, Any]:
        return {"jwk": self.key.as_dict(private=True), "retired_at": self.retired_at}


class KeyRing:
    """Signs with the newest key and publishes all that may still be needed.

    `lifetime` is that of a token, in seconds.
    """

    def __init__(self, folder: Path, lifetime: int) -> None:
        self._path, self._lifetime = folder / "keys.json", lifetime
        folder.mkdir(parents=True, exist_ok=True)
        self._keys = self._loaded() or [_new_key()]
        self._save()

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact token."""
        newest = self._keys[-1].key
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": newest.kid}
        return jwt.encode(header, claims, newest, algorithms=[ALGORITHM])

    def published(self) -> dict[str, Any]:
        """The JSON Web Key Set: public halves only."""
        use = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**kept.key.as_dict(private=False), **use} for kept in self._keys]}

    def rotate(self) -> str:
        """Signs with a new key from now on; its id."""
        now = time.time()
        newest = self._keys[-1]
        self._keys[-1] = SigningKey(newest.key, now)
        self._keys = [kept for kept in self._keys if self._needed(kept, now)] + [_new_key()]
        self._save()
        return str(self._keys[-1].key.kid)

    def _needed(self, kept: SigningKey, now: float) -> bool:
        grace = 120  # clocks of verifiers differ
        return kept.retired_at is None or now < kept.retired_at + self._lifetime + grace

    def _loaded(self) -> list[SigningKey]:
        if not self._path.exists():
            return []
        stored = orjson.loads(self._path.read_bytes())
        return [SigningKey(ECKey.import_key(one["jwk"]), one["retired_at"]) for one in stored["keys"]]

    def _save(self) -> None:
        draft = self._path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_bytes(orjson.dumps({"keys": [kept.stored() for kept in self._keys]}))
        draft.replace(self._path)


def _new_key() -> SigningKey:
    key = ECKey.generate_key("P-256", auto_kid=True)
    return SigningKey(key)
