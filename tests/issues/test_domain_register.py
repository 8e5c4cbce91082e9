"""Register files by property: what loads once loads again without a change, in any order of rows."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.issues.domain.places import PARENT_OF, Kind, Place, new_community
from services.issues.domain.register_rows import PLACE_COLUMNS, Plan, plan_places

TOWN = new_community(UUID(int=1), "town", "Town", "Asia/Shanghai")
ENDED = datetime(2026, 1, 1, tzinfo=UTC)
rows = st.lists(
    st.tuples(
        st.sampled_from(["compound", "building", "unit", "community", "hut"]),
        st.sampled_from(["A", "B", "C", "D", "门", ""]),
        st.sampled_from(["A", "B", "C", "D", "门", "", "NO"]),
        st.sampled_from(["name", "", "x" * 81]),
        st.sampled_from(["", "88.25", "-1", "0.00001", "NaN", "many"]),
    ),
    max_size=8,
)


def planned(table: list[tuple[str, ...]], known: dict[str, Place]) -> Plan[Place]:
    numbers = count(100 + len(known))
    return plan_places([PLACE_COLUMNS, *table], known, TOWN, lambda: UUID(int=next(numbers)))


@given(rows, st.randoms())
def test_a_file_loads_again_without_a_change(table: list[tuple[str, ...]], luck: object) -> None:
    plan = planned(table, {})
    assert len(plan.new) + len({row for row, _ in plan.problems}) == len(table)
    by_id = {TOWN.id: TOWN} | {place.id: place for place in plan.new}
    for place in plan.new:
        assert place.parent is not None
        parent = by_id[place.parent]
        assert parent.kind is PARENT_OF[place.kind]
        assert place.path == (*parent.path, place.id)
        assert place.floor_area_cm2 is None or place.kind is Kind.unit
    if plan.problems:
        return
    shuffled = sorted(table, key=lambda _: luck.random())  # type: ignore[attr-defined]
    again = planned(shuffled, {place.code: place for place in plan.new})
    assert (again.new, again.changed, again.problems) == ([], [], [])
    assert again.unchanged == len(table)
    closed = {place.code: replace(place, closed_at=ENDED) for place in plan.new}
    after = planned(shuffled, closed)
    assert (after.unchanged, after.problems) == (len(table), []), "also once some of it is over"
    other = planned(shuffled, {})
    assert {place.code for place in other.new} == {place.code for place in plan.new}
