"""Whether readers of the last release still understand today's events.

Readers validate strictly, and they read old records too (the register is compacted, topics are replayed).
So within a version both loosening and tightening break somebody, and the rule is short: a field may be
added if it is optional, words may be changed, and nothing else.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

RELEASED = Path(__file__).parent / "released"

_WORDS = {"$schema", "$id", "$comment", "title", "description", "examples", "definitions"}
_HANDLED = {"properties", "required", "items", "x-linli"}
_KINDS = {
    "type": "type",
    "enum": "enum",
    "const": "enum",
    "pattern": "format",
    "format": "format",
    "minimum": "bounds",
    "maximum": "bounds",
    "exclusiveMinimum": "bounds",
    "exclusiveMaximum": "bounds",
    "multipleOf": "bounds",
    "minLength": "bounds",
    "maxLength": "bounds",
    "minItems": "bounds",
    "maxItems": "bounds",
    "uniqueItems": "bounds",
    "default": "default",
}


@dataclass(frozen=True, slots=True)
class Break:
    """One change that a reader of the released version would stumble over."""

    type: str
    kind: str
    what: str

    def advice(self) -> str:
        """What happened and what to do instead, as the command prints it."""
        if self.type == "attributes":
            return f"record headers: {self.what}\n    Every reader relies on them. Take the change back."
        stem, _, version = self.type.rpartition(".v")
        return (
            f"{self.type}: {self.what}\n"
            f"    Take it back, and publish {stem}.v{int(version) + 1} beside it: "
            "a class of its own, both emitted until nobody reads the old one."
        )


def released_schemas(folder: Path = RELEASED) -> dict[str, Schema]:
    """The schemas of the last release by type; empty before the first one."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def breaks(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[Break]:
    """Every forbidden change from the released schemas to the current ones; new types are welcome."""
    found = []
    for name, old in released.items():
        new = current.get(name)
        if new is None:
            found.append(Break(name, "type-removed", "the event is gone"))
            continue
        found += [Break(name, kind, what) for kind, what in _routing(old, new)]
        found += [Break(name, kind, what) for kind, what in _compare(_inlined(old), _inlined(new), "")]
    return found


Finding = tuple[str, str]


def _routing(old: Schema, new: Schema) -> Iterator[Finding]:
    before, after = old.get("x-linli", {}), new.get("x-linli", {})
    if before.get("topic") != after.get("topic"):
        yield "topic", f"it moved from topic {before.get('topic')} to {after.get('topic')}"
    if before.get("subject") != after.get("subject"):
        yield "subject", f"its subject and key changed from {before.get('subject')} to {after.get('subject')}"


def _inlined(schema: Schema) -> dict[str, Any]:
    """The schema with each reference replaced by what it names, so that a part's own name does not matter."""
    parts: Mapping[str, Schema] = schema.get("definitions", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, list):
            return [resolve(part) for part in node]
        if not isinstance(node, Mapping):
            return node
        if "$ref" in node:
            return resolve(parts[node["$ref"].removeprefix("#/definitions/")])
        return {keyword: resolve(value) for keyword, value in node.items()}

    resolved: dict[str, Any] = resolve({key: value for key, value in schema.items() if key != "definitions"})
    return resolved


def _normal(schema: Schema) -> tuple[bool, dict[str, Any]]:
    """Whether null is allowed, and the schema of what else is, with a wrapped reference unwrapped."""
    plain = {keyword: value for keyword, value in schema.items() if keyword not in _WORDS}
    wrapped = plain.get("allOf", [])
    if len(wrapped) == 1 and "type" not in plain:
        plain = {keyword: value for keyword, value in plain.items() if keyword != "allOf"}
        plain = {**_normal(wrapped[0])[1], **plain}
    choices = plain.get("anyOf", [])
    others = [choice for choice in choices if choice.get("type") != "null"]
    if len(others) == len(choices) or len(others) != 1:
        return len(others) != len(choices), plain
    rest = {keyword: value for keyword, value in plain.items() if keyword != "anyOf"}
    return True, {**_normal(others[0])[1], **rest}


def _compare(old: Schema, new: Schema, path: str) -> Iterator[Finding]:
    (was_nullable, before), (is_nullable, after) = _normal(old), _normal(new)
    if was_nullable != is_nullable:
        yield "nullability", f"{_field(path)} may {'now' if is_nullable else 'no longer'} be null"
    yield from _compare_fields(before, after, path)
    if isinstance(before.get("items"), Mapping) and isinstance(after.get("items"), Mapping):
        yield from _compare(before["items"], after["items"], f"{path}[]")
    elif before.get("items") != after.get("items"):
        yield "type", f"{_field(path)} holds other items"
    for keyword in sorted((before.keys() | after.keys()) - _HANDLED):
        if _meaning(before.get(keyword)) != _meaning(after.get(keyword)):
            kind = _KINDS.get(keyword, "rule")
            yield (
                kind,
                f"{keyword} of {_field(path)} changed{_from_to(before.get(keyword), after.get(keyword))}",
            )


def _compare_fields(before: Schema, after: Schema, path: str) -> Iterator[Finding]:
    old, new = before.get("properties", {}), after.get("properties", {})
    demanded, demands = set(before.get("required", ())), set(after.get("required", ()))
    for name, schema in old.items():
        here = f"{path}.{name}".lstrip(".")
        if name not in new:
            yield "field-removed", f"{_field(here)} is gone"
            continue
        if (name in demanded) != (name in demands):
            yield "required", f"{_field(here)} became {'required' if name in demands else 'optional'}"
        yield from _compare(schema, new[name], here)
    for name in sorted(new.keys() - old.keys() & demands):
        yield "new-required", f"{_field(f'{path}.{name}'.lstrip('.'))} is new and required"


def _meaning(value: Any) -> Any:
    """The value without words, and without order where order says nothing."""
    if isinstance(value, Mapping):
        return {keyword: _meaning(part) for keyword, part in value.items() if keyword not in _WORDS}
    if isinstance(value, list):
        return sorted((_meaning(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    return value


def _field(path: str) -> str:
    return f"field {path}" if path else "the value"


def _from_to(old: Any, new: Any) -> str:
    return f" from {json.dumps(old, ensure_ascii=False)} to {json.dumps(new, ensure_ascii=False)}"
