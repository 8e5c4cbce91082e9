"""Turns the JSON Schema 2020-12 that Pydantic writes into draft-07, which other systems' tools read."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_NAMED = {"properties", "patternProperties", "definitions", "$defs", "dependentSchemas"}
_LISTED = {"anyOf", "allOf", "oneOf", "prefixItems"}
_SINGLE = {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"}
_RENAMED = {"$defs": "definitions", "dependentRequired": "dependencies", "dependentSchemas": "dependencies"}


def to_draft7(schema: Mapping[str, Any]) -> Schema:
    """The same schema in draft-07 words; keywords draft-07 lacks and we do not use raise ValueError."""
    unknown = {"unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "minContains"} & schema.keys()
    if unknown:
        raise ValueError(f"draft-07 has no {', '.join(sorted(unknown))}")
    converted: Schema = {}
    for keyword, value in schema.items():
        name = _RENAMED.get(keyword, keyword)
        new = _subschemas(keyword, value)
        converted[name] = converted[name] | new if name in converted else new
    return _reference_alone(_positional_items(converted))


def _subschemas(keyword: str, value: Any) -> Any:
    if keyword in _NAMED:
        return {name: _untitled(to_draft7(part)) if keyword == "properties" else to_draft7(part)
                for name, part in value.items()}  # fmt: skip
    if keyword in _LISTED:
        return [to_draft7(part) for part in value]
    if keyword in _SINGLE and isinstance(value, Mapping):
        return to_draft7(value)
    if keyword == "$ref":
        return value.replace("#/$defs/", "#/definitions/")
    return value


def _positional_items(schema: Schema) -> Schema:
    if "prefixItems" not in schema:
        return schema
    rest = {"additionalItems": schema["items"]} if "items" in schema else {}
    kept = {keyword: value for keyword, value in schema.items() if keyword not in {"prefixItems", "items"}}
    return kept | {"items": schema["prefixItems"]} | rest


def _reference_alone(schema: Schema) -> Schema:
    """Draft-07 ignores everything beside a $ref, so a described reference is wrapped."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    rest = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    return {"allOf": [{"$ref": schema["$ref"]}, *rest.pop("allOf", [])], **rest}


def _untitled(schema: Schema) -> Schema:
    """Pydantic titles each field with its own name, which tells nobody anything."""
    return {keyword: value for keyword, value in schema.items() if keyword != "title"}
