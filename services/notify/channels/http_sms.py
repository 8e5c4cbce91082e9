"""The SMS provider of the class idempotent: a JSON gateway that honours our token."""

from collections.abc import Sequence

import httpx

from services.notify.channels.batch_call import call
from services.notify.channels.provider import Answer, Outgoing, ProviderClass
from services.notify.domain.contacts import Channel


class HttpSms:
    """Sends texts to telephone numbers; `callback` is where its receipts go."""

    name = "http-sms"
    channel = Channel.SMS
    kind = ProviderClass.IDEMPOTENT
    most = 100

    def __init__(self, http: httpx.AsyncClient, root: str, callback: str) -> None:
        self._http = http
        self._url = f"{root.rstrip('/')}/sms/messages"
        self._callback = callback

    async def submit(self, messages: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand texts over."""
        bodies = [
            {
                "token": message.token,
                "to": message.address,
                "text": message.content["sms"],
                "template": message.template,
                "language": message.language,
                "attempt": message.attempt,
                "callback": self._callback,
                "traceparent": message.traceparent,
            }
            for message in messages
        ]
        return await call(self._http, self._url, messages, bodies)
