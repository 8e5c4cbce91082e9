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
    """Publishes the keys of the past that are still needed, the one that signs, and the one that signs next.

    Verifiers ask for unknown keys rarely, so a key is published long before its first token.
    `lifetime` is that of a token, in seconds.
    """

    def __init__(self, folder: Path, lifetime: int) -> None:
        self._path, self._lifetime = folder / "keys.json", lifetime
        folder.mkdir(parents=True, exist_ok=True)
        self._retired, self._current, self._next = self._loaded() or ([], _new_key(), _new_key())
        self._save()

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact token."""
        key = self._current.key
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[ALGORITHM])

    def published(self) -> dict[str, Any]:
        """The JSON Web Key Set: public halves only."""
        use = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [{**kept.key.as_dict(private=False), **use} for kept in self._all()]}

    def rotate(self) -> str:
        """Signs with the next key from now on; its id."""
        now = time.time()
        self._retired = [kept for kept in self._retired if self._needed(kept, now)]
        self._retired.append(SigningKey(self._current.key, now))
        self._current, self._next = self._next, _new_key()
        self._save()
        return str(self._current.key.kid)

    def _needed(self, kept: SigningKey, now: float) -> bool:
        grace = 120  # clocks of verifiers differ
        return kept.retired_at is not None and now < kept.retired_at + self._lifetime + grace

    def _all(self) -> list[SigningKey]:
        return [*self._retired, self._current, self._next]

    def _loaded(self) -> tuple[list[SigningKey], SigningKey, SigningKey] | None:
        if not self._path.exists():
            return None
        stored = orjson.loads(self._path.read_bytes())["keys"]
        *retired, current, following = (
            SigningKey(ECKey.import_key(one["jwk"]), one["retired_at"]) for one in stored
        )
        return retired, current, following

    def _save(self) -> None:
        draft = self._path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_bytes(orjson.dumps({"keys": [kept.stored() for kept in self._all()]}))
        draft.replace(self._path)


def _new_key() -> SigningKey:
    return SigningKey(ECKey.generate_key("P-256", auto_kid=True))
