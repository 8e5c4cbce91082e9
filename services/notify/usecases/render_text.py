"""Turn a template and an event into words: sandboxed, strict about missing names, and cheap to repeat."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, Undefined, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notify.domain.contacts import Channel, Language
from services.notify.domain.rulebook import Entry

DEFAULT_ZONE = "Asia/Shanghai"
PARTS: Mapping[Channel, tuple[str, ...]] = {Channel.SMS: ("sms",), Channel.PUSH: ("title", "body")}
"""Which texts of a template each channel shows."""

Words = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Vocabulary -> code -> language -> name."""


class _Reader(NamedTuple):
    """For whom a text is written; under a name that no template may use."""

    words: Words
    language: Language
    zone: ZoneInfo


_READER = "_reader"


@pass_context
def _word(context: Context, code: str | None, vocabulary: str) -> str:
    """Name a code in the reader's language; one without a name is shown as it is."""
    if isinstance(code, Undefined):
        raise TypeError("word() needs a value")
    reader: _Reader = context.parent[_READER]
    names = reader.words.get(vocabulary, {}).get(code or "none", {})
    return str(names.get(reader.language) or (code or "").replace("-", " "))


@pass_context
def _local(context: Context, time: datetime) -> str:
    """Write a time in the community's zone, to the minute."""
    reader: _Reader = context.parent[_READER]
    local = time.astimezone(reader.zone)
    if reader.language == Language.ZH:
        return f"{local.month}月{local.day}日{local.hour:02}:{local.minute:02}"
    return f"{local.day} {local:%b %H:%M}"


def short(ident: UUID) -> str:
    """Give the number of a case by which people speak of it: the last six characters of its id."""
    return ident.hex[-6:].upper()


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    # Nothing of Jinja's own: what a template may do is what check_template lets through.
    environment.globals.clear()
    environment.filters = {"word": _word, "local": _local, "short": short}
    return environment


ENVIRONMENT = _environment()


@lru_cache(maxsize=4096)
def compiled(text: str) -> Template:
    """Compile a text once; equal texts of different versions share it."""
    template = ENVIRONMENT.from_string(text)
    template.globals = {}  # there are none, and a chain of two empty ones is walked at every rendering
    return template


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
    names = {**values, _READER: _Reader(words, language, zone_of(zone))}
    parts = {part: compiled(texts[part]) for part in PARTS[channel]}
    # What `Template.render` does, without its copies of the names, and with one context for all parts: what a
    # template may hold leaves nothing in it.
    context = Context(ENVIRONMENT, names, None, {})
    return {part: "".join(template.root_render_func(context)) for part, template in parts.items()}
