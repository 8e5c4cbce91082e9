"""The rules, templates and vocabularies that ship: valid by the API's checks, short, in both languages."""

import hashlib

import pytest
from pydantic import BaseModel

from services.notify.api.preferences import CustomsBody
from services.notify.api.rules import RuleBody
from services.notify.api.templates import TemplateBody
from services.notify.api.vocabularies import VocabularyBody
from services.notify.domain.contacts import Channel, Language
from services.notify.domain.rulebook import Entry, Kind
from services.notify.domain.segments import segments_of
from services.notify.usecases.check_rule import check_rule
from services.notify.usecases.check_template import check_template, examples_of
from services.notify.usecases.install_defaults import (
    FILES,
    FOLDER,
    install_defaults,
    shipped,
    shipped_edition,
)
from services.notify.usecases.render_text import DEFAULT_ZONE, render
from shared.contracts import FACTS, Assignee
from shared.identifiers import new_id
from tests.notify.stage import MORNING, Stage

pytestmark = pytest.mark.anyio

SHIPPED = [
    Entry(new_id(), None, kind, name, 1, content, MORNING, "test") for kind, name, content in shipped()
]
TEMPLATES = {entry.name: entry for entry in SHIPPED if entry.kind is Kind.TEMPLATE}
RULES = {entry.name for entry in SHIPPED if entry.kind is Kind.RULE}
WORDS = {entry.name: entry.content for entry in SHIPPED if entry.kind is Kind.VOCABULARY}
BODIES: dict[Kind, type[BaseModel]] = {
    Kind.RULE: RuleBody,
    Kind.TEMPLATE: TemplateBody,
    Kind.VOCABULARY: VocabularyBody,
    Kind.POLICY: CustomsBody,
}
EDITIONS = {
    1: "35ec556b3beb33f7",
    2: "48a9a625c41e6a4f",
    3: "fc399beec02918b5",
    4: "487caa7c41faf267",
    5: "50a6cb8856260522",
    6: "5bf71ceee4cbc021",
    7: "5a7f60bc86cd3a9b",
    8: "e68a3525c217d721",
    9: "8ca52dea33edcf24",
    10: "626d59ee6a8a8a09",
    11: "1a2e3f3bca8bc69f",
    12: "d3a04bf49c1e73f5",
    13: "a1315fef2d54c03f",
    14: "2ef7b436ca964c87",
    15: "e4039f568b19aaf3",
}
"""The digest of each edition's files: a change needs a new edition, or nobody would install it."""


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: f"{entry.kind} {entry.name}")
def test_what_ships_could_be_published(entry: Entry) -> None:
    BODIES[entry.kind].model_validate(entry.content)
    if entry.kind is Kind.RULE:
        check_rule(entry.content, TEMPLATES.get(entry.content.get("template", "")), RULES)
    if entry.kind is Kind.TEMPLATE:
        check_template(entry, WORDS)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("language", Language)
def test_a_default_sms_takes_two_parts_at_most(name: str, language: Language) -> None:
    for event in examples_of(TEMPLATES[name].content["event"]):
        values = {**event.data.__dict__, "place_name": "合源小区12幢"}
        text = render(TEMPLATES[name], language, Channel.SMS, values, WORDS, DEFAULT_ZONE)["sms"]
        assert segments_of(text).parts <= 2, text
        assert "None" not in text


def test_work_that_is_urgent_is_told_at_night_whatever_becomes_of_it() -> None:
    """Each change of an urgent case, to everybody whose work it is."""
    work = [entry.content for entry in SHIPPED if entry.content.get("category") == "case-work"]
    of_cases = [
        each
        for each in work
        if "priority" in FACTS[each["event"]].model_fields
        and not each["template"].startswith("case-to-close")  # that has time until the morning
    ]
    assert len(of_cases) >= 10
    urgent = [{"field": "priority", "equals": "urgent"}]
    assert all(each.get("urgent_when") == urgent for each in of_cases)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("channel", Channel)
def test_who_goes_to_a_car_knows_whether_it_may_have_left(language: Language, channel: Channel) -> None:
    (fact, *_) = [event.data for event in examples_of("linli.parking.vehicle-overstayed.v1")]
    for more in ({"exited_at": fact.due_at, "provisional": True}, {"exited_at": None, "provisional": False}):
        values = {**fact.__dict__, **more, "place_name": "合源小区12幢"}
        told = render(TEMPLATES["vehicle-overstayed"], language, channel, values, WORDS, DEFAULT_ZONE)
        text = told.get("sms") or told["body"]
        words = ("离开（有道闸", "left 2 Mar 10:15 (a gate") if more["provisional"] else ("前离开。", "")
        assert words[language == Language.EN] in text
        assert bool(more["provisional"]) == ("失联" in text or "silent" in text)
        assert channel is Channel.PUSH or segments_of(text).parts <= 2


@pytest.mark.parametrize(
    ("assignee", "said"),
    [(None, "somebody will be found"), (Assignee(role="property"), "it is with the property company")],
)
def test_what_is_accepted_says_who_has_it(assignee: Assignee | None, said: str) -> None:
    (event, *_) = examples_of("linli.issues.issue-accepted.v1")
    values = {**event.data.__dict__, "assignee": assignee, "place_name": ""}
    texts = render(TEMPLATES["case-accepted"], Language.EN, Channel.SMS, values, WORDS, DEFAULT_ZONE)
    assert said in texts["sms"]


def test_the_files_are_of_the_edition_they_say() -> None:
    content = b"".join((FOLDER / file).read_bytes() for file in FILES.values())
    assert EDITIONS[shipped_edition()] == hashlib.sha256(content).hexdigest()[:16]


async def test_defaults_are_installed_once_and_an_older_process_changes_nothing(stage: Stage) -> None:
    async with stage.works.for_system("test") as work:
        assert await install_defaults(work) == len(SHIPPED)
    async with stage.works.for_system("test") as work:
        assert await install_defaults(work) == 0
    await stage.database.system.execute("UPDATE rulebook_revision SET edition = 99")
    async with stage.works.for_system("test") as work:
        assert await install_defaults(work) == 0
    await stage.database.system.execute("UPDATE rulebook_revision SET edition = 0")
    async with stage.works.for_system("test") as work:
        assert await install_defaults(work) == 0  # the same content makes no new version
