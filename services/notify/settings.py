"""What notify reads from its environment beside what every service does."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.notify.store.phones import phones_from
from shared.runtime.settings import ServiceSettings


def _ring(written: str) -> str:
    phones_from(written)
    return written


def _receipt_keys(written: str) -> str:
    receipt_keys_from(written)
    return written


Url = Annotated[str, Field(pattern=r"^https?://\S+$")]


class NotifySettings(ServiceSettings):
    """Notify's settings: its providers, and the keys that keep numbers and receipts safe."""

    sms_provider_url: Url = Field(
        description="the SMS provider's root address", examples=["http://127.0.0.1:8105"]
    )
    sms_provider_key: str = Field(
        description="the SMS provider's bearer key", examples=["secret"], min_length=1, repr=False
    )
    push_provider_url: Url = Field(
        description="the push provider's root address",
        examples=["http://127.0.0.1:8105"],
    )
    push_provider_key: str = Field(
        description="the push provider's bearer key", examples=["secret"], min_length=1, repr=False
    )
    callback_url: Url = Field(
        description="this service's root address as the providers reach it",
        examples=["http://127.0.0.1:8104"],
    )
    receipt_keys: Annotated[str, AfterValidator(_receipt_keys)] = Field(
        description="the keys that sign receipts, id:secret,id:secret; two while one replaces the other",
        examples=["phones:secret"],
        repr=False,
    )
    phone_keys: Annotated[str, AfterValidator(_ring)] = Field(
        description="the keys that seal numbers, id:base64 of 32 bytes; the current one first",
        examples=["k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
        repr=False,
    )
    send_lease_seconds: float = Field(
        15.0, description="after how long a message is taken over from a sender that died", ge=1.0, le=300.0
    )

    @property
    def receipt_secrets(self) -> dict[str, str]:
        """The secrets by key id."""
        return receipt_keys_from(self.receipt_keys)


def receipt_keys_from(written: str) -> dict[str, str]:
    """Read `id:secret,id:secret`.

    Raises:
        ValueError: it says which part is wrong, without repeating it.
    """
    keys: dict[str, str] = {}
    for number, part in enumerate(written.split(","), 1):
        name, _, secret = part.strip().partition(":")
        if not name or not secret or name in keys:
            raise ValueError(f"key {number}: an id of its own and a secret are needed, id:secret")
        keys[name] = secret
    return keys
