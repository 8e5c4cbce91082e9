"""Check a rule against the contract of its event and the template it names, before it is published."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from services.notify.domain.audience import SelectorKind
from services.notify.domain.rulebook import Entry
from shared.contracts import FACTS, Assignee, Fact
from shared.errors import Invalid

_HOLDS = {
    SelectorKind.PERSON: str,
    SelectorKind.ASSIGNEE: Assignee,
    SelectorKind.ROLE: UUID,
    SelectorKind.HOUSEHOLD: UUID,
    SelectorKind.TOLD: UUID,
}
"""What the field of a selector must hold: of a role the place, of who was told the event's own thing."""

_TIMES = {datetime, AwareDatetime}
_HOLDERS = (SelectorKind.ROLE, SelectorKind.ASSIGNEE)


def check_rule(content: Mapping[str, Any], template: Entry | None, rules: Collection[str]) -> None:
    """Let pass only a rule that fits its event and its template, and withdraws what one of `rules` says.

    Raises:
        Invalid: `errors` says what is wrong.
    """
    fact = FACTS.get(content["event"])
    if fact is None or fact.producer == "notify":
        raise Invalid("there is no such event", errors=[_error("event", "unknown event type")])
    recipients = content.get("recipients", ())
    errors = [*_conditions(fact, content), *_selectors(fact, content, rules)]
    errors += [
        _error(f"withdraws.{number}", "there is no rule of this name")
        for number, name in enumerate(content.get("withdraws", ()))
        if name not in rules
    ]
    for part in ("time_to_live_from", "not_after"):
        if (named := content.get(part)) and not _TIMES & (_field(fact, named) or set()):
            errors.append(_error(part, f"the event has no time {named}"))
    if recipients and template is None:
        errors.append(_error("template", "there is no template of this name; publish it first"))
    if template is not None and template.content["event"] != content["event"]:
        errors.append(_error("template", f"it is written for {template.content['event']}"))
    if errors:
        raise Invalid("the rule cannot be used", errors=errors)


def _conditions(fact: type[Fact], content: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for part in ("conditions", "urgent_when"):
        for number, condition in enumerate(content.get(part, ())):
            if _field(fact, condition["field"]) is None:
                yield _error(f"{part}.{number}.field", f"the event has no {condition['field']}")


def _selectors(
    fact: type[Fact], content: Mapping[str, Any], rules: Collection[str]
) -> Iterator[dict[str, str]]:
    written = [
        (f"{part}.{number}", each)
        for part in ("recipients", "not_to")
        for number, each in enumerate(content.get(part, ()))
    ]
    for pointer, recipient in written:
        told = recipient["kind"] == SelectorKind.TOLD
        if told != bool(recipient.get("rule")) or (recipient.get("rule") or "") not in {"", *rules}:
            yield _error(f"{pointer}.rule", "a rule there is, named exactly where the kind is told")
        if told and recipient["field"] != fact.subject_field:
            yield _error(f"{pointer}.field", f"people are told of {fact.subject_field} here")
        found = _field(fact, recipient["field"])
        if found is None:
            yield _error(f"{pointer}.field", f"the event has no {recipient['field']}")
        elif _HOLDS[SelectorKind(recipient["kind"])] not in found:
            yield _error(f"{pointer}.field", f"{recipient['field']} holds no {recipient['kind']}")
        if (recipient["kind"] == SelectorKind.ROLE) != bool(recipient.get("role")):
            yield _error(f"{pointer}.role", "a role is named exactly where the kind is role")
        if recipient.get("on_duty") and recipient["kind"] not in _HOLDERS:
            yield _error(f"{pointer}.on_duty", "only who holds a role is on duty")


def _field(model: type[BaseModel], dotted: str) -> set[Any] | None:
    """Give the types a field may hold, None when there is no such field."""
    name, _, rest = dotted.partition(".")
    field = model.model_fields.get(name)
    if field is None:
        return None
    types = _types(field.annotation)
    if not rest:
        return types
    inner = [each for each in types if isinstance(each, type) and issubclass(each, BaseModel)]
    return _field(inner[0], rest) if inner else None


def _types(annotation: Any) -> set[Any]:
    """Flatten unions, annotations and tuples into the plain types they are made of."""
    arguments = [argument for argument in get_args(annotation) if argument is not Ellipsis]
    if not arguments:
        return {annotation}
    return {annotation}.union(*(_types(argument) for argument in arguments))


def _error(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}
