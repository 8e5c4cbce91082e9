"""Values made from a generated schema, as someone who has only the schema would make them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tests.contracts.checked_in import Json


def values(schema: Json, parts: dict[str, Json]) -> st.SearchStrategy[Any]:
    """Whatever each field's own schema allows; rules across fields may still refuse it."""
    if "$ref" in schema:
        return values(parts[schema["$ref"].removeprefix("#/definitions/")], parts)
    if "properties" in schema:
        return _objects(schema, parts)
    if "type" not in schema:
        choices = schema.get("anyOf") or schema["allOf"]
        return st.one_of([values(choice, parts) for choice in choices])
    return _simple(schema, parts)


def _objects(schema: Json, parts: dict[str, Json]) -> st.SearchStrategy[Json]:
    made = {name: values(part, parts) for name, part in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in made.items() if name in required},
        optional={name: strategy for name, strategy in made.items() if name not in required},
    )


def _simple(schema: Json, parts: dict[str, Json]) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "array":
            return st.lists(values(schema["items"], parts), max_size=min(4, schema["maxItems"]))
        case _:
            return _texts(schema)


def _texts(schema: Json) -> st.SearchStrategy[str]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("format") == "uuid":
        return st.uuids(allow_nil=True).map(str)
    if schema.get("format") == "date-time":
        moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
        return moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
    longest = schema.get("maxLength", 1000)
    return st.from_regex(schema["pattern"].strip("^$"), fullmatch=True).filter(
        lambda text: len(text) <= longest
    )
