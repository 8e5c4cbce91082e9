"""The JSON Schema of a fact, as other systems get it."""

from shared.contracts.fact import Fact
from shared.contracts.generation.draft7 import Schema, to_draft7

DRAFT = "http://json-schema.org/draft-07/schema#"


def schema_of(fact: type[Fact]) -> Schema:
    """Draft-07 schema of an event's value; `x-linli` adds the topic and the field that is the key."""
    body = to_draft7(fact.model_json_schema(mode="validation"))
    about = {"topic": fact.topic, "subject": fact.subject_field}
    return {"$schema": DRAFT, "$id": f"{fact.event_type}.json", "x-linli": about} | body
