"""Plates: one text however written, the grammar of GA 36-2018, and a mask that tells three characters."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.parking.domain.plate import (
    PROVINCES,
    PlateKind,
    UnreadablePlateError,
    kind_of,
    masked,
    normalised,
    read_plate,
    seen_plate,
)
from shared.contracts.parking.vehicle import VehicleRegistered

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
DIGITS = "0123456789"


def text_of(alphabet: str, length: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=length, max_size=length)


office = st.tuples(st.sampled_from(PROVINCES), st.sampled_from(LETTERS)).map("".join)
ordinary = st.tuples(office, text_of(LETTERS + DIGITS, 4), st.sampled_from(LETTERS + DIGITS + "挂学警")).map(
    "".join
)
cross_border = st.tuples(st.just("粤Z"), text_of(LETTERS + DIGITS, 4), st.sampled_from("港澳")).map("".join)
small_new_energy = st.tuples(
    office, st.sampled_from("ABCDEFGHJK"), st.sampled_from(LETTERS + DIGITS), text_of(DIGITS, 4)
).map("".join)
large_new_energy = st.tuples(office, text_of(DIGITS, 5), st.sampled_from("ABCDEFGHJK")).map("".join)
genuine = ordinary | cross_border | small_new_energy | large_new_energy
separator = st.sampled_from(["", " ", "·", "•", "-", "・", "\u3000", "."])


@given(ordinary | cross_border)
def test_every_ordinary_plate_is_known(plate: str) -> None:
    assert read_plate(plate).kind is PlateKind.ordinary


@given(small_new_energy | large_new_energy)
def test_every_new_energy_plate_is_known(plate: str) -> None:
    assert read_plate(plate).kind is PlateKind.new_energy


OFFICIAL = {
    PlateKind.agency: r"[京浙]O[A-HJ-NP-Z0-9]{5}",
    PlateKind.embassy: r"[0-9]{6}使",
    PlateKind.consulate: r"[沪粤川][A-HJ-NP-Z][0-9]{4}领",
    PlateKind.armed_police: r"WJ[京浙]?[0-9]{4}[0-9TDSHBXJ]",
    PlateKind.army: r"[VKHBSLJNGCE][A-DJ-PR-TVY][0-9]{5}",
    PlateKind.civil_aviation: r"民航[A-HJ-NP-Z0-9]{5}",
    PlateKind.emergency: r"[京浙][A-HJ-NP-Z][A-HJ-NP-Z0-9]{4}应急",
}


@pytest.mark.parametrize("kind", OFFICIAL)
@given(data=st.data())
def test_every_official_plate_is_known_and_shows_no_more_than_others(
    kind: PlateKind, data: st.DataObject
) -> None:
    plate = data.draw(st.from_regex(OFFICIAL[kind], fullmatch=True))
    assert read_plate(plate).kind is kind
    assert read_plate(plate).suggestion is None
    assert plate[:4] not in masked(plate)


@given(plate=genuine, between=separator, lower=st.booleans(), wide=st.booleans())
def test_however_a_plate_is_written_its_text_is_the_same(
    plate: str, between: str, lower: bool, wide: bool
) -> None:
    written = plate[:2] + between + between.join(plate[2:])
    written = written.lower() if lower else written
    if wide:
        written = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in written)
    read = read_plate(f" {written} ")
    assert read.text == plate
    assert read.given == f" {written} "


@given(st.text(max_size=40))
def test_the_normal_form_is_its_own_and_holds_letters_and_digits_only(given_text: str) -> None:
    text = normalised(given_text)
    assert normalised(text) == text
    assert all(unicodedata.category(character)[0] in "LN" for character in text)


@given(st.text(max_size=40))
def test_whatever_is_given_is_read_with_a_flag_or_refused_by_length(given_text: str) -> None:
    text = normalised(given_text)
    if text in {"", "无", "无牌", "无牌车", "无车牌"}:
        assert seen_plate(given_text).kind is PlateKind.none
    elif len(text) <= 16:
        assert seen_plate(given_text) == read_plate(given_text)
        return
    with pytest.raises(UnreadablePlateError):
        read_plate(given_text)


@pytest.mark.parametrize("given_text", ["", "·· ", "_无_", "无牌", "无牌车", "无车牌"])
def test_a_car_without_a_plate_is_seen_and_cannot_be_registered(given_text: str) -> None:
    assert seen_plate(given_text) == (given_text, "无牌", PlateKind.none, None)
    with pytest.raises(UnreadablePlateError):
        read_plate(given_text)


@given(plate=genuine, at=st.integers(min_value=1, max_value=7), wrong=st.sampled_from("IO"))
def test_no_plate_with_i_or_o_is_genuine(plate: str, at: int, wrong: str) -> None:
    assume(at < len(plate) and (at, wrong) != (1, "O"))  # agencies have an O there
    misread = plate[:at] + wrong + plate[at + 1 :]
    assert kind_of(misread) is PlateKind.unknown


@given(st.text(max_size=20) | genuine)
def test_a_mask_fits_the_contract_and_tells_three_characters_of_the_serial(given_text: str) -> None:
    text = normalised(given_text)
    assume(0 < len(text) <= 16)
    shown = masked(text)
    VehicleRegistered.model_validate(
        {
            "vehicle": "019f1c3e-0000-7000-8000-000000000001",
            "household": "019f1c3e-0000-7000-8000-000000000002",
            "masked_plate": shown,
            "index": 1,
            "valid_from": "2026-01-01T00:00:00Z",
        },
        strict=False,
    )
    told = shown.split("·")[-1].replace("*", "")
    assert len(told) <= 3
    assert text not in shown


def test_masks_and_kinds_of_known_plates() -> None:
    assert masked("浙L12123") == "浙L·**123"
    assert masked("浙LD12345") == "浙L·***345"
    assert masked("粤Z1234港") == "粤Z·**34港"
    assert masked("123456使") == "****56使"
    assert masked("WJ") == "**"
    assert kind_of("浙L1234港") is PlateKind.unknown
    assert kind_of("浙A12345D") is PlateKind.new_energy
    assert kind_of("浙AL12345") is PlateKind.unknown


def test_a_lookalike_is_suggested_and_never_taken() -> None:
    read = read_plate("浙L·1O3I5")
    assert (read.text, read.kind, read.suggestion) == ("浙L1O3I5", PlateKind.unknown, "浙L10315")
    assert read_plate("浙L·10315").suggestion is None
    assert read_plate("KN 1O IO").suggestion is None
