"""How a person can be reached, without the number itself: that only the store can open."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.notify.domain.preferences import Wishes


class Language(StrEnum):
    """The languages messages are written in."""

    ZH = "zh"
    EN = "en"


class Channel(StrEnum):
    """The ways to a person; each has its own lane and provider."""

    SMS = "sms"
    PUSH = "push"
    # WeChat, WeCom and voice calls are further members, each with a file in `channels/`.


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What planning needs to know of a person: the language, the channels there are, and what they wish.

    Those who are reached alike share one, so that what follows from it is worked out once.
    """

    language: Language
    channels: frozenset[Channel]
    wishes: Wishes | None = None

    def first_of(self, wanted: tuple[Channel, ...]) -> Channel | None:
        """Give the first of the wanted channels that this person has."""
        for channel in wanted:
            if channel in self.channels:
                return channel
        return None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person's contact as it may be shown: the number only masked, the push token only as being there."""

    community: UUID
    person: str
    language: Language
    masked_phone: str | None
    has_push: bool
    version: int


def masked(number: str) -> str:
    """Mask an E.164 number, keeping what helps its owner to recognise it: +86*******5678 has four digits."""
    shown = 4 if len(number) >= 11 else 2
    prefix = 3 if number.startswith("+86") else 2
    return number[:prefix] + "*" * (len(number) - prefix - shown) + number[-shown:]
