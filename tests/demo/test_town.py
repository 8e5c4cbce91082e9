"""The demo community is what it claims to be, and always the same."""

import csv
import hashlib
import io
import re
from collections import Counter

import pytest

from deploy.demo.town.catalogue import CATEGORIES, FALLBACK_ROLE, NATIONAL, RULES
from deploy.demo.town.layout import COMPOUNDS
from deploy.demo.town.making import Town, contacts_csv, households_csv, make_town, places_csv, roles_csv
from shared.security.roles import Role


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


def files(town: Town) -> list[bytes]:
    return [places_csv(town), households_csv(town), roles_csv(town), contacts_csv(town)]


def test_the_same_seed_makes_the_same_town(town: Town) -> None:
    assert files(make_town()) == files(town)
    digests = [hashlib.sha256(file).hexdigest() for file in files(make_town(seed=1))]
    assert digests != [hashlib.sha256(file).hexdigest() for file in files(town)]


def test_five_compounds_and_827_households_in_the_home_compound(town: Town) -> None:
    assert Counter(place.kind for place in town.places)["compound"] == len(COMPOUNDS) == 5
    assert sum(household.compound == "HY" for household in town.households) == 827
    assert sum(place.kind == "unit" and place.code.startswith("HY-") for place in town.places) == 828


def test_every_place_lies_in_the_kind_above_it_and_has_a_code_of_its_own(town: Town) -> None:
    kinds = {place.code: place.kind for place in town.places}
    assert len(kinds) == len(town.places)
    above = {"compound": None, "building": "compound", "unit": "building"}
    assert all(kinds.get(place.parent) == above[place.kind] for place in town.places)


def test_every_household_has_its_own_unit_and_persons_and_an_adult(town: Town) -> None:
    units = {place.code for place in town.places if place.kind == "unit"}
    assert len({household.unit for household in town.households} & units) == len(town.households)
    persons = [person for household in town.households for person in household.persons]
    assert len(set(persons)) == len(persons)
    assert all(1 <= household.adults <= len(household.persons) <= 5 for household in town.households)


def test_floor_areas_are_those_of_flats_and_the_same_up_a_stack(town: Town) -> None:
    areas = {place.code: place.floor_area_m2 for place in town.places if place.kind == "unit"}
    assert all(area is not None and 38 <= area <= 145 for area in areas.values())
    assert areas["HY-03-2-102"] == areas["HY-03-2-602"] != areas["HY-03-2-601"]
    mean = sum(area for code, area in areas.items() if area and code.startswith("HY-")) / 828
    assert 68 < mean < 80
    assert all(place.floor_area_m2 is None for place in town.places if place.kind != "unit")


def test_one_representative_in_every_building_who_lives_there(town: Town) -> None:
    home = {person: household.building for household in town.households for person in household.persons}
    representatives = [grant for grant in town.grants if grant.role == "representative"]
    buildings = [place.code for place in town.places if place.kind == "building"]
    assert sorted(grant.place for grant in representatives) == sorted(buildings)
    assert all(home[grant.person] == grant.place for grant in representatives)


def test_seven_councillors_are_representatives_of_the_home_compound(town: Town) -> None:
    councillors = set(town.holders("councillor", "HY"))
    assert len(councillors) == 7
    assert councillors <= {grant.person for grant in town.grants if grant.role == "representative"}


def test_every_grant_is_of_a_known_role_at_a_known_place_once(town: Town) -> None:
    places = {place.code for place in town.places} | {""}
    assert all(grant.place in places and grant.role in Role.__members__ for grant in town.grants)
    assert len(set(town.grants)) == len(town.grants)


def test_every_holder_and_every_adult_can_be_reached_by_a_number_nobody_has(town: Town) -> None:
    reached = {contact.person for contact in town.contacts}
    assert {grant.person for grant in town.grants} <= reached
    assert all(set(household.persons[: household.adults]) <= reached for household in town.households)
    numbers = [contact.phone for contact in town.contacts]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"\+861990000[0-9]{4}", number) for number in numbers)
    assert {contact.language for contact in town.contacts} == {"zh", "en"}
    with_push = sum(contact.push_token is not None for contact in town.contacts)
    assert 0.3 < with_push / len(numbers) < 0.5


def test_person_ids_do_not_tell_the_door(town: Town) -> None:
    ids = [person for household in town.households for person in household.persons]
    assert all(re.fullmatch(r"r-[0-9a-f]{12}", person) for person in ids)


def test_every_rule_is_about_a_known_category_and_its_role_has_holders(town: Town) -> None:
    assert {rule.category for rule in RULES} <= {category.code for category in CATEGORIES}
    assert len({category.code for category in CATEGORIES}) == len(CATEGORIES)
    held = {grant.role for grant in town.grants}
    assert {rule.role for rule in RULES} | {FALLBACK_ROLE} <= held


def test_categories_of_the_national_catalogue_have_its_numbers() -> None:
    national = {category.number for category in CATEGORIES if category.standard == NATIONAL}
    assert {"09012", "06010"} <= national
    assert all(re.fullmatch(r"[0-9]{5}", number) for number in national)


def test_the_files_are_csv_with_a_row_for_each(town: Town) -> None:
    counts = [len(town.places), len(town.households), len(town.grants), len(town.contacts)]
    assert [len(list(csv.DictReader(io.StringIO(file.decode())))) for file in files(town)] == counts
