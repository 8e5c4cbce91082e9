"""What a gateway accepts: one message, checked; the same token with the same content is the same message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Channel = Literal["sms", "push"]
Status = Literal["accepted", "rejected"]

TOKEN: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
NUMBER: Final = re.compile(r"\+[1-9][0-9]{5,14}")
DEVICE: Final = re.compile(r"[A-Za-z0-9._:-]{1,256}")
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
CALLBACK: Final = re.compile(r"https?://[^\s]{1,500}")
LONGEST_TEXT: Final = 1000


class InvalidMessage(Exception):
    """A message the gateway cannot take; nothing of it is stored and its token stays free."""

    def __init__(self, token: str | None, code: str, detail: str) -> None:
        super().__init__(detail)
        self.token, self.code, self.detail = token, code, detail


@dataclass(frozen=True, slots=True)
class Content:
    """What makes a message the same message: where it goes and what it says."""

    channel: Channel
    address: str
    title: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """One message as a sender handed it over."""

    token: str
    content: Content
    template: str | None
    language: str | None
    attempt: str | None
    callback: str | None
    traceparent: str | None


@dataclass(slots=True)
class Message:
    """A message in the ledger, in order of arrival; only what follows `code` changes later."""

    position: int
    at: str
    submitted: Submitted
    provider_id: str
    status: Status
    code: str | None
    repeats: int = 0
    refused: int = 0
    receipt: str | None = None
    receipt_at: str | None = None

    @property
    def channel(self) -> Channel:
        return self.submitted.content.channel

    @property
    def address(self) -> str:
        return self.submitted.content.address

    def line(self) -> dict[str, Any]:
        """The ledger's public form of it."""
        submitted, content = self.submitted, self.submitted.content
        where = {"to": content.address} if content.channel == "sms" else {"device": content.address}
        said = (
            {"text": content.text}
            if content.channel == "sms"
            else {"title": content.title, "body": content.text}
        )
        return {
            "position": self.position,
            "at": self.at,
            "channel": content.channel,
            "token": submitted.token,
            **where,
            **said,
            "template": submitted.template,
            "language": submitted.language,
            "attempt": submitted.attempt,
            "traceparent": submitted.traceparent,
            "provider_id": self.provider_id,
            "status": self.status,
            "code": self.code,
            "repeats": self.repeats,
            "refused": self.refused,
            "receipt": self.receipt,
            "receipt_at": self.receipt_at,
        }

    def stored(self) -> dict[str, Any]:
        """The journal's form, from which `restored` makes the same message again."""
        return {"position": self.position, "at": self.at, "submitted": self.submitted,
                "provider_id": self.provider_id, "status": self.status, "code": self.code}  # fmt: skip

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> "Message":
        submitted = dict(stored["submitted"])
        submitted["content"] = Content(**submitted["content"])
        kept = {name: stored[name] for name in ("position", "at", "provider_id", "status", "code")}
        return cls(submitted=Submitted(**submitted), **kept)


def submitted_message(channel: Channel, raw: object, traceparent: str | None) -> Submitted:
    """The message of one item of a batch; raises InvalidMessage with a code and a reason.

    `traceparent` is the request's; a message of a batch of many traces may carry its own.
    """
    if not isinstance(raw, dict):
        raise InvalidMessage(None, "invalid-message", "a message is a JSON object")
    token = raw.get("token")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise InvalidMessage(None, "invalid-token", "token must be 1 to 128 of letters, digits and . _ : -")
    fields = _Fields(token, raw)
    if channel == "sms":
        content = Content("sms", fields.matching("to", NUMBER, "invalid-number"), None, fields.text("text"))
    else:
        title, body = fields.text("title"), fields.text("body")
        content = Content("push", fields.matching("device", DEVICE, "invalid-device"), title, body)
    return Submitted(
        token=token,
        content=content,
        template=fields.word("template"),
        language=fields.optional("language", LANGUAGE, "invalid-language"),
        attempt=fields.word("attempt"),
        callback=fields.optional("callback", CALLBACK, "invalid-callback"),
        traceparent=fields.optional("traceparent", TRACEPARENT, "invalid-traceparent") or traceparent,
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    token: str
    raw: Mapping[str, Any]

    def matching(self, name: str, shape: re.Pattern[str], code: str) -> str:
        value = self.raw.get(name)
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise InvalidMessage(self.token, code, f"{name} must match {shape.pattern}")
        return value

    def optional(self, name: str, shape: re.Pattern[str], code: str) -> str | None:
        return None if self.raw.get(name) is None else self.matching(name, shape, code)

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InvalidMessage(self.token, "empty-text", f"{name} must be a text that is not empty")
        if len(value) > LONGEST_TEXT:
            raise InvalidMessage(self.token, "text-too-long", f"{name} may have {LONGEST_TEXT} characters")
        return value

    def word(self, name: str) -> str | None:
        value = self.raw.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or len(value) > 200:
            raise InvalidMessage(self.token, f"invalid-{name}", f"{name} must be a short text")
        return value
