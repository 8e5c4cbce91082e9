"""The push provider of the class idempotent: a JSON gateway that honours our token."""

from collections.abc import Sequence

import httpx

from services.notify.channels.batch_call import call
from services.notify.channels.provider import Answer, Outgoing, ProviderClass
from services.notify.domain.contacts import Channel


class HttpPush:
    """Sends a title and a body to devices; `callback` is where its receipts go."""

    name = "http-push"
    channel = Channel.PUSH
    kind = ProviderClass.IDEMPOTENT
    most = 100

    def __init__(self, http: httpx.AsyncClient, root: str, callback: str) -> None:
        self._http = http
        self._url = f"{root.rstrip('/')}/push/messages"
        self._callback = callback

    async def submit(self, messages: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand notifications over."""
        bodies = [
            {
                "token": message.token,
                "device": message.address,
                "title": message.content["title"],
                "body": message.content["body"],
                "template": message.template,
                "language": message.language,
                "attempt": message.attempt,
                "callback": self._callback,
                "traceparent": message.traceparent,
            }
            for message in messages
        ]
        return await call(self._http, self._url, messages, bodies)
