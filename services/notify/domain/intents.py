"""The keys that make a repeat harmless: of an intent, of its message, and the provider's token for that.

An intent says that one person hears of one event by one rule. The message by which it is tried first has the
intent's own id; a fallback from push to SMS will be another message of the same intent. The provider's token
belongs to the message and not to the attempt, so that a second attempt whose first one arrived after all is
no second message.
"""

from base64 import b32decode, b32encode
from uuid import UUID, uuid5

INTENTS = UUID("5b1f6d0e-8f0a-5d3c-9a57-0f6f4c2b7a11")
RULES = UUID("0d0c3c5e-0b7e-5c8e-8a53-6f3f0c1f5a22")


def rule_id(name: str) -> UUID:
    """Give a rule's id, shared by a default and a community's own version: neither repeats the other."""
    return uuid5(RULES, name)


def intent_of(source: str, event: UUID, rule: str, major: int, person: str, category: str) -> str:
    """Name the intent by which one person hears of one event by one rule, once.

    Its key is the UUIDv5 of this name within `INTENTS`.
    """
    return f"{source}\n{event}\n{rule}\n{major}\n{person}\n{category}"


def token_of(message: UUID) -> str:
    """Write a message's id as the provider's token: 26 lower-case characters, within every vendor's limit."""
    return b32encode(message.bytes).decode().lower().rstrip("=")


def message_of(token: str) -> UUID | None:
    """Read a token back; None for one that is none of ours."""
    try:
        return UUID(bytes=b32decode(token.upper() + "=" * 6))
    except ValueError:
        return None
