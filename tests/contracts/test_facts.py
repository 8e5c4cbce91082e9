"""Facts are strict, frozen, known by type, and hold nothing personal."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts import FACTS, Assignee, Event, Fact, IssueReported, PlaceRegistered
from shared.contracts.catalogue import published
from shared.contracts.fields import Code, MaskedPlate, PersonId
from shared.contracts.generation.draft7 import to_draft7
from tests.contracts.checked_in import Json, load, types, validator

CASE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def reported(**changes: Any) -> IssueReported:
    fields: dict[str, Any] = {
        "case": CASE,
        "category": "pothole",
        "priority": "ordinary",
        "state": "reported",
        "reported_at": datetime(2026, 3, 2, 8, 15, tzinfo=timezone(timedelta(hours=8))),
    }
    return IssueReported(**fields | changes)


def test_subject_topic_and_type_come_from_the_contract() -> None:
    event = Event(
        id=uuid4(),
        source="/linli/issues",
        time=datetime.now(UTC),
        community=uuid4(),
        sequence=1,
        data=reported(),
    )
    assert (event.type, event.topic, event.subject) == (
        "linli.issues.issue-reported.v1",
        "linli.issues",
        str(CASE),
    )
    assert (PlaceRegistered.topic, PlaceRegistered.producer) == ("linli.register", "issues")


def test_instants_are_kept_and_written_in_utc() -> None:
    fact = reported()
    assert fact.reported_at == datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
    assert json.loads(fact.model_dump_json())["reported_at"] == "2026-03-02T00:15:00Z"


def test_a_fact_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        reported().category = "other"  # type: ignore[misc]
    assert isinstance(reported(flags=("a", "b")).flags, tuple)


def test_unknown_fields_are_ignored_on_reading() -> None:
    fact = reported()
    newer = json.loads(fact.model_dump_json()) | {"mood": "new in a later version"}
    assert IssueReported.model_validate_json(json.dumps(newer)) == fact


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("case", "12"),
        ("case", 12),
        ("category", "Pothole in front of my door"),
        ("category", ""),
        ("category", "a" * 65),
        ("priority", "high"),
        ("state", "lost"),
        ("reporter", "王 小明"),
        ("reporter", "p 1"),
        ("reporter", ""),
        ("reporter", "x" * 129),
        ("reporter", "p-1\n"),
        ("reported_at", "2026-03-02T08:15:00"),
        ("reported_at", 1_772_410_500),
        ("reported_at", None),
        ("reported_at", "0001-01-01T00:00:00+08:00"),
        ("reported_at", "9999-12-31T23:59:59-08:00"),
        ("flags", "odd"),
        ("flags", ["Odd one"]),
        ("flags", ["odd"] * 33),
    ],
)
def test_a_wrong_value_is_refused_without_repeating_it(field: str, value: object) -> None:
    wrong = json.loads(reported().model_dump_json()) | {field: value}
    with pytest.raises(ValidationError) as refused:
        IssueReported.model_validate_json(json.dumps(wrong))
    assert field in str(refused.value)
    assert "input_value" not in str(refused.value)


@pytest.mark.parametrize(
    "plate", ["浙L·**123", "浙L·***67D", "粤Z·**12港", "使·***578", "WJ·****5", "*****123"]
)
def test_a_masked_plate_is_accepted(plate: str) -> None:
    assert TypeAdapter(MaskedPlate).validate_python(plate) == plate


@pytest.mark.parametrize(
    "plate", ["浙L12123", "浙L·*2123", "浙L·**2123", "浙L·12123", "浙L·**12 ", "张三的车**123"]
)
def test_a_plate_that_shows_more_is_refused(plate: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MaskedPlate).validate_python(plate)


COMMUNITY = {"kind": "community", "zone": "Asia/Shanghai"}


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "unit", "parent": uuid4(), "name": "12幢301室"},
        {"kind": "unit", "parent": uuid4(), "code": "301"},
        {"kind": "unit"},
        {"kind": "unit", "parent": uuid4(), "zone": "Asia/Shanghai"},
        COMMUNITY | {"parent": uuid4()},
        COMMUNITY | {"zone": None},
        COMMUNITY | {"zone": "Asia/Shanghai or so"},
        COMMUNITY | {"floor_area_cm2": -1},
    ],
)
def test_a_place_must_fit_its_kind(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlaceRegistered(place=uuid4(), **fields)


def test_an_assignee_names_someone() -> None:
    with pytest.raises(ValidationError, match="an assignee is"):
        Assignee(place=uuid4())
    assert Assignee(volunteers=True).person is None


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"event_type": "linli.issues.reported.v1", "subject": "case"}, "past participle"),
        ({"event_type": "issues.issue-seen.v1", "subject": "case"}, "past participle"),
        ({"event_type": "linli.issues.issue-seen.v0", "subject": "case"}, "past participle"),
        ({"event_type": "linli.issues.issue-seen.v1", "subject": "issue"}, "no field issue"),
        ({"event_type": "linli.issues.issue-reported.v1", "subject": "case"}, "declared twice"),
    ],
)
def test_a_wrong_declaration_fails_where_it_stands(declared: dict[str, str], message: str) -> None:
    known = dict(FACTS)
    with pytest.raises(TypeError, match=message):
        type("Wrong", (Fact,), {"__annotations__": {"case": UUID}, "__module__": __name__}, **declared)
    assert known == FACTS


def test_a_described_reference_keeps_its_description_in_draft_07() -> None:
    described = {"$ref": "#/$defs/Assignee", "description": "Who is to act."}
    assert to_draft7(described) == {
        "allOf": [{"$ref": "#/definitions/Assignee"}],
        "description": "Who is to act.",
    }


def test_a_pair_becomes_positional_items_in_draft_07() -> None:
    pair = TypeAdapter(tuple[int, str]).json_schema()
    assert to_draft7(pair)["items"] == [{"type": "integer"}, {"type": "string"}]
    assert "prefixItems" not in to_draft7(pair)


def test_draft_07_cannot_say_everything() -> None:
    with pytest.raises(ValueError, match="unevaluatedProperties"):
        to_draft7({"type": "object", "unevaluatedProperties": False})


# -- personal data ----------------------------------------------------------------------------------------

PERSONAL = {
    *("phone", "mobile", "tel", "email", "mail", "wechat", "contact"),
    *("name", "surname", "nickname", "gender", "birthday", "age", "idcard"),
    *("address", "street", "door", "room", "number", "floor", "latitude", "longitude", "location"),
    *(
        "text",
        "note",
        "notes",
        "comment",
        "description",
        "title",
        "subject",
        "body",
        "content",
        "words",
        "photo",
    ),
    *("plate", "licence", "license"),
}
ALLOWED = {
    ("linli.issues.place-registered.v1", "name"),  # public names of communities, compounds and buildings
    ("linli.issues.place-registered.v1", "floor_area_cm2"),  # an area, not which floor
    *((name, "masked_plate") for name in types() if name.startswith("linli.parking.")),
    ("linli.volunteer.task-claimed.v1", "number"),  # which of the task's places
}
CANARIES = [
    "张三",
    "Zhang San",
    "王小明,12幢301室",
    "the lamp at my door is broken",
    "0580-2021234 转 8",
    "浙L12123 ",
]


def strings(schema: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every schema of a text within this one, with the name of its field."""
    if schema.get("type") == "string":
        yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from strings(part, name)
    for part in schema.get("definitions", {}).values():
        yield from strings(part, path)
    if isinstance(schema.get("items"), dict):
        yield from strings(schema["items"], path)
    for choice in schema.get("anyOf", []):
        if "properties" not in choice:
            yield from strings(choice, path)


def fields(schema: Json) -> Iterator[str]:
    for part in (schema, *schema.get("definitions", {}).values()):
        yield from part.get("properties", {})


@pytest.mark.parametrize("name", types())
def test_no_field_is_named_like_personal_data(name: str) -> None:
    suspicious = {field for field in fields(load("schemas", name)) if PERSONAL & set(field.split("_"))}
    assert {(name, field) for field in suspicious} <= ALLOWED


@pytest.mark.parametrize("name", types())
def test_no_field_takes_a_persons_words_or_name(name: str) -> None:
    found = list(strings(load("schemas", name)))
    assert found
    for field, schema in found:
        if (name, field) not in ALLOWED or field == "masked_plate":
            accepted = [word for word in CANARIES if validator(name).evolve(schema=schema).is_valid(word)]
            assert not accepted, f"{field} accepts {accepted}"


@pytest.mark.parametrize("fact", list(published().values()), ids=lambda fact: fact.__name__)
def test_every_field_says_what_it_is(fact: type[Fact]) -> None:
    undescribed = [name for name, field in fact.model_fields.items() if not field.description]
    assert not undescribed


def test_the_canaries_would_be_seen_in_a_loose_field() -> None:
    loose = TypeAdapter(dict[str, str]).json_schema()["additionalProperties"]
    assert validator("attributes").evolve(schema=loose).is_valid(CANARIES[0])
    assert (
        not validator("attributes").evolve(schema=TypeAdapter(PersonId).json_schema()).is_valid(CANARIES[0])
    )
    assert not validator("attributes").evolve(schema=TypeAdapter(Code).json_schema()).is_valid(CANARIES[3])
