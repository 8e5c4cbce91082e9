"""The day's reports, in the words of those who send them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deploy.demo.town.catalogue import CATEGORIES, FALLBACK_ROLE, RULES, Category
from deploy.demo.town.layout import COMPOUNDS, HOME
from deploy.demo.town.making import Town


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody reports, whoever is responsible hears of it, and settles it if `outcome` says how."""

    reporter: str
    category: Category
    place: str
    place_name: str
    words: str
    handlers: Sequence[str]
    role: str
    outcome: str | None


# What the reporter says, and what the one who settles it says; the open ones stay open today.
WORDS: Final[dict[str, tuple[str, str | None]]] = {
    "blocked-fire-lane": ("两辆私家车堵住北侧消防通道，电动车也绕不过去。", "已联系车主挪车，通道恢复畅通。"),
    "rubbish": ("楼下垃圾堆了两天，天热有味道。", "已清运并冲洗地面。"),
    "lift": ("The lift has been stuck on the fourth floor since morning.", "Door sensor replaced, it runs."),
    "elder-care": ("独居的老人两天没有下楼取牛奶，请上门看看。", "老人腿脚不便，已安排邻居结对。"),
    "neighbours": ("楼上装修每天午休时间开工，沟通无果。", None),
    "rider-request": ("雨天取餐没有地方停车，能不能在南门划一块停靠区？", None),
}
CATALOGUE: Final = {category.code: category for category in CATEGORIES}


def scenes(town: Town) -> list[Scene]:
    """Six reports by riders, residents and a guard; their handlers follow from the dispatch rules."""
    told = (
        ("rider-4", "blocked-fire-lane", "HY-03"),
        (_adult(town, "HY-07", "zh"), "rubbish", "HY-07"),
        (_adult(town, "YG", "en"), "lift", "YG-02"),
        ("guard-dl-1", "elder-care", "DL-05"),
        (_adult(town, "SF-04", "zh"), "neighbours", "SF-04"),
        ("rider-9", "rider-request", HOME.code),
    )
    return [_scene(town, *each, *WORDS[each[1]]) for each in told]


def _scene(town: Town, reporter: str, category: str, place: str, words: str, outcome: str | None) -> Scene:
    role, holders = responsible(town, category, place)
    return Scene(reporter, CATALOGUE[category], place, name_of(place), words, holders, role, outcome)


def responsible(town: Town, category: str, place: str) -> tuple[str, list[str]]:
    """The role that the rules send a case to, and who holds it there: so the story knows who must hear."""
    rule = next((rule for rule in RULES if rule.category == category), None)
    role, level = (rule.role, rule.level) if rule else (FALLBACK_ROLE, "community")
    at = {"community": "", "compound": place.partition("-")[0], "building": place}[level]
    return role, town.holders(role, at)


def name_of(place: str) -> str:
    """A compound's or building's name as people say it."""
    code, _, building = place.partition("-")
    compound = next(compound.name for compound in COMPOUNDS if compound.code == code)
    return f"{compound}{int(building)}幢" if building else compound


def _adult(town: Town, where: str, language: str) -> str:
    """The first adult of a compound or building who reads this language."""
    speaking = {contact.person for contact in town.contacts if contact.language == language}
    return next(
        person
        for household in town.households
        if where in (household.building, household.compound)
        for person in household.persons[: household.adults]
        if person in speaking
    )
