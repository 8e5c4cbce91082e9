"""Number plates: one normal form for all ways of writing one, its kind by the grammar, and its mask.

Ordinary and new-energy plates follow the national standard GA 36-2018; the grammar of official plates is
as they are seen on roads, for nobody publishes it. A plate of another kind (foreign, paper, misread) is
accepted and flagged: its car is in the compound all the same.
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LONGEST = 16
KNOWN = 10_000
"""So many plates need not be read twice: most cars come every day."""

_LETTER = "A-HJ-NP-Z"  # never I and O, which would be taken for 1 and 0
_SERIAL = f"[{_LETTER}0-9]"
_ORDINARY = re.compile(f"[{PROVINCES}][{_LETTER}]{_SERIAL}{{4}}[{_LETTER}0-9挂学警]")
_CROSS_BORDER = re.compile(f"粤Z{_SERIAL}{{4}}[港澳]")
# One letter of A to K says by what it is driven; D and F are the first of five each, not the only ones.
_NEW_ENERGY = re.compile(
    f"[{PROVINCES}][{_LETTER}](?:[A-HJK]{_SERIAL}[0-9]{{4}}|[0-9]{{5}}[A-HJK])",
)
_OFFICIAL = {
    # An O second, where all others have a letter that is no O, is no misread 0.
    "agency": re.compile(f"[{PROVINCES}]O{_SERIAL}{{5}}"),
    "embassy": re.compile(r"[0-9]{6}使"),
    "consulate": re.compile(f"[{PROVINCES}][{_LETTER}][0-9]{{4}}领"),
    "armed-police": re.compile(f"WJ[{PROVINCES}]?[0-9]{{4}}[0-9TDSHBXJ]"),
    "army": re.compile(r"[VKHBSLJNGCE][A-DJ-PR-TVY][0-9]{5}"),
    "civil-aviation": re.compile(f"民航{_SERIAL}{{5}}"),
    "emergency": re.compile(f"[{PROVINCES}][{_LETTER}]{_SERIAL}{{4}}应急"),
}
_SHOWN = re.compile("[0-9A-Z挂学警港澳领使]{3}")
_LOOKALIKES = str.maketrans("IO", "10")
_SEPARATORS = str.maketrans("", "", "· •-.")
# What most cameras write is its own normal form, at once or when these separators are gone.
_NORMAL = re.compile(f"[{PROVINCES}]?[A-Z0-9]+")


_NONE = "无牌"
_SAY_NONE = frozenset({"", "无", _NONE, "无牌车", "无车牌"})
"""What cameras write of a car without a plate, in normal form; `_无_` above all."""


class PlateKind(StrEnum):
    """What the grammar says a plate is; `none`: a camera saw a car that has none."""

    ordinary = "ordinary"
    new_energy = "new-energy"
    agency = "agency"
    embassy = "embassy"
    consulate = "consulate"
    armed_police = "armed-police"
    army = "army"
    civil_aviation = "civil-aviation"
    emergency = "emergency"
    unknown = "unknown"
    none = "none"


class UnreadablePlateError(ValueError):
    """Nothing is left of a plate when its separators are dropped, words for none, or more than one holds."""


class Plate(NamedTuple):
    """A plate as given, in its normal form, and of which kind; a person confirms the `suggestion`."""

    given: str
    text: str
    kind: PlateKind
    suggestion: str | None = None


@lru_cache(KNOWN)
def read_plate(given: str) -> Plate:
    """Reads what a person or camera wrote; raises UnreadablePlateError, also of words for none."""
    text = normalised(given)
    if text in _SAY_NONE:
        raise UnreadablePlateError("this is no plate")
    if len(text) > LONGEST:
        raise UnreadablePlateError(f"a plate has 1 to {LONGEST} letters and digits, this has {len(text)}")
    kind = kind_of(text)
    suggestion = text[:2] + text[2:].translate(_LOOKALIKES) if kind is PlateKind.unknown else text
    suggested = suggestion != text and kind_of(suggestion) is not PlateKind.unknown
    return Plate(given, text, kind, suggestion if suggested else None)


@lru_cache(KNOWN)
def seen_plate(given: str) -> Plate:
    """Reads what a camera wrote, which may be that it saw none; raises UnreadablePlateError."""
    return Plate(given, _NONE, PlateKind.none) if normalised(given) in _SAY_NONE else read_plate(given)


def normalised(given: str) -> str:
    """The one text of a plate: compatibility forms folded, upper case, letters and digits only."""
    if _NORMAL.fullmatch(given):
        return given
    text = given.translate(_SEPARATORS)
    if _NORMAL.fullmatch(text):
        return text
    while (folded := _folded(text)) != text:
        text = folded
    return text


def kind_of(text: str) -> PlateKind:
    """The kind of a plate in its normal form."""
    if _ORDINARY.fullmatch(text) or _CROSS_BORDER.fullmatch(text):
        return PlateKind.ordinary
    if _NEW_ENERGY.fullmatch(text):
        return PlateKind.new_energy
    found = (PlateKind(name) for name, grammar in _OFFICIAL.items() if grammar.fullmatch(text))
    return next(found, PlateKind.unknown)


@lru_cache(KNOWN)
def masked(text: str) -> str:
    """A plate as it may leave this service: 浙L·**123; of a rarer kind without its beginning."""
    kind = kind_of(text)
    prefix = text[:2] if kind is PlateKind.ordinary or kind is PlateKind.new_energy else ""
    rest = text[len(prefix) :]
    shown = rest[-3:] if len(rest) >= 5 and _SHOWN.fullmatch(rest[-3:]) else ""
    stars = "*" * min(8, max(2, len(rest) - len(shown)))
    return f"{prefix}·{stars}{shown}" if prefix else f"{stars}{shown}"


def _folded(text: str) -> str:
    upper = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(character for character in upper if unicodedata.category(character)[0] in "LN")
