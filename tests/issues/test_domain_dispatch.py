"""Dispatch and deadlines: the compiled routing equals the plain reading of the rules."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.issues.domain.categories import Category, Priority, WrongCategory
from services.issues.domain.deadline import due_at
from services.issues.domain.dispatch import (
    Assignee,
    Path,
    Routing,
    Rule,
    Target,
    WrongAssignee,
    WrongRule,
)
from services.issues.domain.places import LEVELS, Kind

TOWN, EAST, WEST, EAST_1, WEST_1, EAST_1_101 = (UUID(int=number) for number in range(1, 7))
PATHS: tuple[Path, ...] = (
    (TOWN,),
    (TOWN, EAST),
    (TOWN, WEST),
    (TOWN, EAST, EAST_1),
    (TOWN, WEST, WEST_1),
    (TOWN, EAST, EAST_1, EAST_1_101),
)
DEPTHS = {path[-1]: len(path) - 1 for path in PATHS}
CATEGORIES = ("leak", "noise", "van")
MAX = datetime(9000, 1, 1)  # noqa: DTZ001  (hypothesis wants its bounds naive)
FALLBACK = Target(role="operator", level=Kind.community)

targets = st.one_of(
    st.builds(Target, person=st.sampled_from(["ann", "bob"])),
    st.builds(Target, role=st.just("guard"), level=st.sampled_from(LEVELS)),
    st.builds(Target, role=st.just("handler"), place=st.sampled_from(list(DEPTHS))),
    st.builds(Target, volunteers=st.just(True), level=st.sampled_from(LEVELS)),
)


@st.composite
def rule_lists(draw: st.DrawFn) -> list[Rule]:
    codes = draw(st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=8))
    places = st.sampled_from([None, *DEPTHS])
    found = []
    for code in codes:
        place = draw(places)
        found.append(
            Rule(
                code,
                draw(st.sampled_from([None, *CATEGORIES])),
                place,
                -1 if place is None else DEPTHS[place],
                draw(st.integers(0, 2)),
                draw(targets),
            )
        )
    return found


def category(code: str) -> Category:
    return Category(code, "local", "1", "1", "中", "en", Priority.ordinary, 60)


def brute_force(rules: list[Rule], wanted: str, path: Path) -> tuple[Assignee, str | None]:
    """Read the rules as a person would: who matches, then rank, category, depth, code."""
    best: Rule | None = None
    for rule in rules:
        if rule.category is not None and rule.category != wanted:
            continue
        if rule.place is not None and rule.place not in path:
            continue
        if best is None or rule.rank < best.rank:
            best = rule
        elif rule.rank == best.rank:
            mine = (rule.category is not None, rule.depth)
            theirs = (best.category is not None, best.depth)
            if mine > theirs or (mine == theirs and rule.code < best.code):
                best = rule
    target = FALLBACK if best is None else best.target
    place = target.place
    if target.level is not None:
        place = next(p for p in reversed(path) if DEPTHS[p] <= LEVELS.index(target.level))
    return Assignee(target.person, target.role, place, target.volunteers), best.code if best else None


@given(rule_lists(), st.sampled_from(CATEGORIES), st.sampled_from(PATHS), st.randoms())
def test_dispatch_is_what_the_rules_say(rules: list[Rule], wanted: str, path: Path, luck: object) -> None:
    shuffled = sorted(rules, key=lambda _: luck.random())  # type: ignore[attr-defined]
    routing = Routing(1, {code: category(code) for code in CATEGORIES}, FALLBACK, tuple(shuffled))
    assert routing.choose(wanted, path) == brute_force(rules, wanted, path)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"person": "ann", "role": "guard", "place": TOWN},
        {"person": "ann", "volunteers": True, "place": TOWN},
        {"person": "ann", "place": TOWN},
        {"role": "guard"},
        {"volunteers": True},
    ],
)
def test_an_assignee_is_exactly_one(wrong: dict[str, object]) -> None:
    with pytest.raises(WrongAssignee):
        Assignee(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"role": "guard"},
        {"role": "guard", "place": TOWN, "level": Kind.compound},
        {"person": "ann", "level": Kind.compound},
        {"volunteers": True},
        {"role": "guard", "volunteers": True, "level": Kind.unit},
    ],
)
def test_a_target_is_exactly_one(wrong: dict[str, object]) -> None:
    with pytest.raises(WrongRule):
        Target(**wrong)  # type: ignore[arg-type]


@given(st.datetimes(timezones=st.just(UTC), max_value=MAX), st.integers(1, 500_000))
def test_a_deadline_round_the_clock_is_that_many_minutes_later(reported: datetime, minutes: int) -> None:
    assert due_at(reported, minutes) - reported == timedelta(minutes=minutes)


@pytest.mark.parametrize("minutes", [0, -1, 366 * 24 * 60 + 1])
def test_a_deadline_has_bounds(minutes: int) -> None:
    with pytest.raises(WrongCategory):
        Category("x", "local", "1", "1", "中", "en", Priority.ordinary, minutes)
