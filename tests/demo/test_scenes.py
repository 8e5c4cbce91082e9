"""The day's story is one that the town can play."""

import pytest

from deploy.demo.day.scenes import Scene, name_of, responsible, scenes
from deploy.demo.town.making import Town, make_town


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def story(town: Town) -> list[Scene]:
    return scenes(town)


def test_everyone_in_the_story_exists_and_has_a_phone(town: Town, story: list[Scene]) -> None:
    for scene in story:
        assert scene.handlers
        for person in (scene.reporter, *scene.handlers):
            assert town.contact(person) is not None


def test_every_scene_is_at_a_place_of_the_town(town: Town, story: list[Scene]) -> None:
    codes = {place.code for place in town.places}
    assert {scene.place for scene in story} <= codes


def test_reporters_may_report(town: Town, story: list[Scene]) -> None:
    residents = {person for household in town.households for person in household.persons}
    reporting = {"rider", "guard", "steward", "handler", "operator", "volunteer"}
    granted = {grant.person for grant in town.grants if grant.role in reporting}
    assert all(scene.reporter in residents | granted for scene in story)


def test_the_story_speaks_both_languages_and_reaches_both_kinds_of_phones(
    town: Town, story: list[Scene]
) -> None:
    told = [town.contact(person) for scene in story for person in (scene.reporter, *scene.handlers)]
    assert {contact.language for contact in told if contact} == {"zh", "en"}
    assert {contact.push_token is None for contact in told if contact} == {True, False}


def test_responsible_are_the_holders_at_the_rules_level(town: Town) -> None:
    assert responsible(town, "blocked-fire-lane", "HY-03") == ("guard", ["guard-hy-1", "guard-hy-2"])
    assert responsible(town, "neighbours", "SF-04") == (
        "representative",
        town.holders("representative", "SF-04"),
    )
    assert responsible(town, "rider-request", "HY")[0] == "operator"


def test_places_are_named_as_people_say_them() -> None:
    assert (name_of("HY"), name_of("HY-03")) == ("合苑小区", "合苑小区3幢")
