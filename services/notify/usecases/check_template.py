"""Check a template before it is published: only what is allowed, and every example of its event rendered."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from jinja2 import TemplateError, nodes

from services.notify.domain.contacts import Channel, Language
from services.notify.domain.rulebook import Entry
from services.notify.usecases.render_text import DEFAULT_ZONE, ENVIRONMENT, Words, render
from shared.contracts import FACTS, Event
from shared.contracts.generation.examples import examples
from shared.errors import Invalid

_SIGNATURE = re.compile(r"【[^】]{2,12}】")
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Filter, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.Const, nodes.And, nodes.Or, nodes.Not, nodes.Tuple,
)  # fmt: skip
"""A text has no loops, calls or arithmetic: nothing in it can run for long or reach beyond its event."""


def check_template(entry: Entry, words: Words) -> None:
    """Let pass only a template whose every text can be written for every example of its event.

    Raises:
        Invalid: `errors` says for each text what is wrong.
    """
    fact = FACTS.get(entry.content["event"])
    if fact is None:
        raise Invalid("there is no such event", errors=[_error("event", "unknown event type")])
    names = {*fact.model_fields, "place_name"}
    errors = [
        _error(f"texts.{language}.{part}", problem)
        for language, texts in entry.content["texts"].items()
        for part, text in texts.items()
        for problem in _problems(part, text, names)
    ]
    if not errors:
        errors = list(_rendered(entry, words))
    if errors:
        raise Invalid("the template cannot be used", errors=errors)


def examples_of(event_type: str) -> list[Event[Any]]:
    """Give the contract's examples of a type of event."""
    return [example.event for example in examples()[event_type]]


def _problems(part: str, text: str, names: set[str]) -> Iterator[str]:
    try:
        tree = ENVIRONMENT.parse(text)
    except TemplateError as error:
        yield f"cannot be parsed: {error}"
        return
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            yield f"{type(node).__name__} is not allowed here"
        elif isinstance(node, nodes.Name) and node.name not in names:
            yield f"the event has no {node.name}"
        elif isinstance(node, nodes.Filter) and node.name not in ENVIRONMENT.filters:
            yield f"there is no filter {node.name}"
    if part == "sms" and not _SIGNATURE.match(text):
        yield "an SMS begins with the sender's signature in 【】"


def _rendered(entry: Entry, words: Words) -> Iterator[dict[str, str]]:
    for event in examples_of(entry.content["event"]):
        for language in Language:
            for channel in Channel:
                try:
                    render(entry, language, channel, _values(event), words, DEFAULT_ZONE)
                except (TemplateError, TypeError, AttributeError) as error:
                    yield _error(f"texts.{language}", f"{channel}: {error}")


def _values(event: Event[Any]) -> Mapping[str, Any]:
    return {**event.data.__dict__, "place_name": "合源小区" if _has_place(event) else ""}


def _has_place(event: Event[Any]) -> bool:
    return isinstance(getattr(event.data, "place", None), UUID)


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
