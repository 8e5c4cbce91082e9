"""Turn a template and an event into words: sandboxed, strict about missing names, and cheap to repeat."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, Undefined, pass_context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from services.notify.domain.contacts import Channel, Language
from services.notify.domain.rulebook import Entry
from shared.contracts.fact import Part

DEFAULT_ZONE = "Asia/Shanghai"
PARTS: Mapping[Channel, tuple[str, ...]] = {Channel.SMS: ("sms",), Channel.PUSH: ("title", "body")}
"""Which texts of a template each channel shows."""

Words = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Vocabulary -> code -> language -> name."""


class _Page(NamedTuple):
    """What a text is written from and for whom: all that a compiled text and its filters ask of a context.

    Jinja's own `Context` serves inheritance and exports too, and takes as long to make as a text to write.
    """

    values: Mapping[str, Any]
    words: Words
    language: Language
    zone: ZoneInfo

    def resolve_or_missing(self, name: str) -> Any:
        return self.values.get(name, missing)


@pass_context
def _word(page: _Page, code: str | None, vocabulary: str) -> str:
    """Name a code in the reader's language; one without a name is shown as it is."""
    if isinstance(code, Undefined):
        raise TypeError("word() needs a value")
    names = page.words.get(vocabulary, {}).get(code or "none", {})
    return str(names.get(page.language) or (code or "").replace("-", " "))


@pass_context
def _local(page: _Page, time: datetime) -> str:
    """Write a time in the community's zone, to the minute."""
    local = time.astimezone(page.zone)
    if page.language == Language.ZH:
        return f"{local.month}月{local.day}日{local.hour:02}:{local.minute:02}"
    return f"{local.day} {local:%b %H:%M}"


def short(ident: UUID) -> str:
    """Give the number of a case by which people speak of it: the last six characters of its id."""
    return f"{ident.int & 0xFFFFFF:06X}"


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, but for what is known to be safe: the fields of an event's parts."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Part) and attribute in obj.__dict__:
            return obj.__dict__[attribute]
        return super().getattr(obj, attribute)


def _environment() -> _Environment:
    environment = _Environment(undefined=StrictUndefined, autoescape=False)
    # Nothing of Jinja's own: what a template may do is what check_template lets through.
    environment.globals.clear()
    environment.filters = {"word": _word, "local": _local, "short": short}
    return environment


ENVIRONMENT = _environment()


@lru_cache(maxsize=4096)
def compiled(text: str) -> Template:
    """Compile a text once; equal texts of different versions share it."""
    return ENVIRONMENT.from_string(text)


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """Give a time zone by its name."""
    return ZoneInfo(name)


def render(
    template: Entry, language: Language, channel: Channel, values: Mapping[str, Any], words: Words, zone: str
) -> dict[str, str]:
    """Write what a channel shows, in one language; `values` are the names the template may use.

    Raises:
        jinja2.TemplateError, TypeError, AttributeError: the template asks for what the event does not have.
    """
    texts = template.content["texts"][language]
    page: Any = _Page(values, words, language, zone_of(zone))
    return {part: "".join(compiled(texts[part]).root_render_func(page)) for part in PARTS[channel]}
