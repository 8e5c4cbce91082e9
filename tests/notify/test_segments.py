"""What a text costs as SMS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.segments import Segments, segments_of

GSM = "abc XYZ0123 @£_Δ"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        # The pair of an extended character is not cut: 152 + 2 exceed the 153 of a part.
        ("a" * 152 + "€" + "a" * 8, Segments("GSM-7", 162, 2)),
        ("里" * 70, Segments("UCS-2", 70, 1)),
        ("里" * 71, Segments("UCS-2", 71, 2)),
        ("里" * 134, Segments("UCS-2", 134, 2)),
        ("里" * 135, Segments("UCS-2", 135, 3)),
        ("a" * 69 + "里", Segments("UCS-2", 70, 1)),
        ("🙂" * 35, Segments("UCS-2", 70, 1)),
        ("a" * 66 + "🙂" * 3, Segments("UCS-2", 72, 2)),
    ],
)
def test_known_costs(text: str, expected: Segments) -> None:
    assert segments_of(text) == expected


@given(st.text(alphabet=GSM, max_size=700), st.text(max_size=300))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert segments_of(text + more).parts >= segments_of(text).parts


@given(st.text(max_size=700))
def test_the_parts_hold_all_units_and_none_is_needless(text: str) -> None:
    cost = segments_of(text)
    room = 153 if cost.encoding == "GSM-7" else 67
    if cost.parts > 1:
        # At most one unit of each part but the last stays empty, where a pair did not fit.
        assert (cost.parts - 1) * (room - 1) < cost.units <= cost.parts * room
