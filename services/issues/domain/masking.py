"""Taking out of a free text what tells who somebody is: telephone and ID numbers, plates, mail, chat names.

In doubt it masks: a number too much costs the reader little, a telephone number shown cannot be taken back.
So every run of eleven or more digits goes, whatever it is. What a reader of open cases needs stays: house
numbers, dates, times, prices, amounts and public short numbers. Names of people cannot be told from other
words and stay; therefore a community shows no text unless it says so.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date

MASK = "***"

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_DASHES = "‐‑‒–—―−﹣－ー〜～"
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF))
_CHINESE_DIGITS = str.maketrans(
    "〇零幺一二三四五六七八九壹贰叁肆伍陆柒捌玖⓪①②③④⑤⑥⑦⑧⑨", "0011234567891234567890123456789"
)
_UNITS = (
    "元|块|万|亿|米|厘米|毫米|公里|平|人|户|吨|公斤|千克|度|件|次|"
    "yuan|rmb|cny|usd|km|kg|mm|cm|m\\b|people|households"
)
_NO_AMOUNT = rf"(?!\s?(?:{_UNITS}))"
_SAYS_PHONE = "电话|座机|固话|热线|手机|号码|致电|拨打|telephone|tel|phone|call|mobile"
# Words that ordinary numbers stand behind as well: only what is as long as a landline goes.
_MAY_SAY_PHONE = "联系|有事打|请打|打给|来电"
_IS = r"[\s::=是为,]*"


def _same_length(start: int, end: int) -> dict[int, str]:
    """Map characters to their plain forms where one stands for one, so that positions stay."""
    forms = ((code, unicodedata.normalize("NFKC", chr(code))) for code in range(start, end))
    return {code: form for code, form in forms if len(form) == 1}


# Full-width forms and mathematical digits; every kind of dash and space to the plain one.
_PLAIN = (
    _same_length(0xFF01, 0xFFE7)
    | _same_length(0x1D7CE, 0x1D800)
    | _same_length(0x2000, 0x200B)
    | dict.fromkeys(map(ord, _DASHES), "-")
    | {0x00A0: " ", 0x3000: " ", 0x00B7: "·", 0x2022: "·", 0x30FB: "·", 0xFF65: "·"}
)


def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _spaced_mobile(separator: str) -> str:
    """A mobile number, whichever way its digits are grouped by one kind of separator."""
    return rf"1{separator}{{0,2}}[3-9](?:{separator}{{0,2}}\d){{9}}"


_COUNTRY = r"(?:\(?(?:\+|00)\s?86\)?[ -]{0,2})?"
# I and O are on no plate, but people write them for 1 and 0.
_PLATE_TAIL = r"[A-Z0-9][ ·.-]?[A-Z0-9]{3}[A-Z0-9挂学警港澳领][A-Z0-9]?"

# What these find goes.
_NUMBERS = (
    re.compile(r"\d{11,}[xX]?"),
    re.compile(r"(?<!\d)1[3-9]\d[^\w]{1,3}\d{4}[^\w]{1,3}\d{4}(?!\d)"),
    # A landline: area code, then seven or eight digits, perhaps an extension.
    _any_case(
        rf"{_COUNTRY}(?<!\d)\(?0(?:10|2\d|[3-9]\d{{2}})\)?[ -]{{0,3}}[2-9](?:[ -]?\d){{6,7}}"
        r"(?:\s?(?:-|转|分机|ext\.?|x)\s?\d{1,6})?(?!\d)"
    ),
    re.compile(
        r"(?<!\d)[48]00(?:(?P<a>[ -]?)\d{3}(?P=a)\d{4}|(?P<b>[ -]?)\d{4}(?P=b)\d{3}"
        rf"|\d[ -]\d{{3}}[ -]\d{{3}}|\d\d[ -]\d{{5}})(?!\d){_NO_AMOUNT}"
    ),
)
_CERTAIN = (
    *_NUMBERS,
    re.compile(r"\+\d(?:[ ().-]{0,2}\d){6,14}(?!\d)"),
    re.compile(r"(?<!\d)(?:\(\d{3}\) ?\d{3}-\d{4}|\d{3}-\d{3}-\d{4}|\d{3}\.\d{3}\.\d{4})(?!\d)"),
    # An ID number in its parts: area, date of birth, the rest.
    re.compile(
        r"(?<!\d)[1-9]\d{5}[ -]?(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])"
        r"[ -]?\d{3}[ -]?[\dXx](?![\dA-Za-z])"
    ),
    re.compile(r"(?<!\d)[1-9]\d{5}[ -]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}(?!\d)"),
    re.compile(r"(?<![A-Za-z\d])[A-Za-z]\d{8}(?!\d)"),
    _any_case(
        rf"[{_PROVINCES}](?:·|[ -])?(?=[A-Z·\s-]{{0,8}}\d)[A-HJ-Z][ ·.-]{{0,2}}{_PLATE_TAIL}(?![A-Z0-9])"
    ),
    _any_case(rf"[{_PROVINCES}][A-HJ-Z][ ·-]?[A-HJ-NP-Z0-9]{{4}}应急"),
    _any_case(rf"(?<![A-Z0-9])WJ[ ·-]?[{_PROVINCES}]?[ ·-]?\d{{4}}[0-9TDSHBXJ](?![A-Z0-9])"),
    re.compile(r"(?<!\d)\d{6}使|使\d{6}(?!\d)"),
    _any_case(r"(?<![A-Z0-9])[A-HJ-Z]·[A-HJ-NP-Z0-9]{5,6}(?![A-Z0-9])"),
    _any_case(
        r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}\s?@\s?[a-z0-9-]{1,63}(?:(?:\.|\s\.\s)[a-z0-9-]{1,63}){1,4}"
    ),
    _any_case(
        r"(?<![a-z0-9._%+-])[a-z][a-z0-9._%+-]{1,63}(?:@[a-z][a-z0-9-]{2,62}|#[a-z0-9-]{1,63}\.(?:com|cn|net))"
    ),
    _any_case(
        r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}\s?(?:[(\[]\s?at\s?[)\]]|\sat\s(?=[a-z0-9-]{1,63}\s\(?dot))\s?"
        r"[a-z0-9-]{1,63}\s?(?:\.|[(\[]\s?dot\s?[)\]]|dot)\s?[a-z]{2,10}"
    ),
    _any_case(
        r"(?<![a-z0-9._%+-])[a-z0-9._%+-]{1,64}\sat\s[a-z0-9-]{1,63}\.(?:com|cn|net|org)(?:\.cn)?(?![a-z0-9])"
    ),
    _any_case(r"wxid_[a-z0-9]{4,}"),
)
# Of what these find the group `it` goes: without the word before it, it could be anything.
_AFTER_A_WORD = (
    _any_case(rf"(?:{_SAYS_PHONE})[^\d\n]{{0,6}}(?P<it>[2-9]\d{{2,3}}[ -]?\d{{4}})(?!\d){_NO_AMOUNT}"),
    re.compile(rf"(?:{_MAY_SAY_PHONE})[ ::]{{0,2}}(?P<it>[2-9]\d{{2,3}}[ -]?\d{{4}})(?!\d){_NO_AMOUNT}"),
    _any_case(rf"(?:身份证|\bID (?:card|number|no\.?))(?:号码|号)?(?:后[四六]位)?{_IS}(?P<it>[\dX*]{{4,}})"),
    _any_case(r"(?:军官证|士兵证|通行证|居住证|社保卡?)[^\d\n]{0,6}(?P<it>\d{6,})"),
    _any_case(
        rf"(?:护照|passport)(?:号码|号| (?:number|no\.?))?{_IS}(?:is )?(?P<it>[A-Z]{{1,2}}\d{{7,8}})(?!\d)"
    ),
    _any_case(
        rf"(?:车牌|(?:licen[cs]e |number )?plate)(?:号码|号| (?:number|no\.?))?{_IS}(?:is )?"
        r"(?P<it>(?=[A-Z·-]{0,8}\d)[A-Z0-9][A-Z0-9·-]{3,8}[A-Z0-9]|[A-Z]{1,3} \d{1,5})(?![A-Z0-9])"
    ),
    _any_case(
        r"(?:微信|薇信|威信|抖音|快手|支付宝|小红书|(?<![a-z])(?:wechat|weixin|vx|wx|v信|telegram|whatsapp))\s?"
        rf"(?:号码|号|id|account|number)?{_IS}(?:is )?"
        r"(?P<it>(?=[a-z_-]{0,19}[\d_])[a-z][a-z0-9_-]{5,19}|[1-9]\d{4,10})(?![a-z0-9])"
    ),
    _any_case(r"(?:微信|wechat|weixin|vx|wx)\s?(?:号码|号|id)?\s?[::=是为]\s?(?P<it>[a-z][a-z0-9_-]{5,19})"),
    _any_case(r"(?<![a-z0-9])v\s?[::]\s?(?P<it>(?=[a-z_-]{0,19}\d)[a-z][a-z0-9_-]{5,19})"),
    _any_case(
        r"加\s?(?:我|她|他|个)?的?\s?(?:微信|wechat|weixin|vx|wx)\s?(?P<it>[a-z][a-z0-9_-]{5,19})(?![a-z0-9])"
    ),
    _any_case(rf"(?:微信号|wechat id){_IS}(?:is )?(?P<it>[a-z][a-z0-9_-]{{5,19}})"),
    _any_case(rf"(?<![a-z])(?:qq|扣扣)\s?(?:号码|号|群|number)?{_IS}(?:is )?(?P<it>[1-9]\d{{4,10}})(?!\d)"),
)
_WRITTEN_PLATE = re.compile(rf"[{_PROVINCES}](?:·|[ -])?[A-HJ-Z][ ·-]?\d{{5}}")
_MOBILE = re.compile(
    rf"{_COUNTRY}(?<!\d)(?:{'|'.join(_spaced_mobile(each) for each in (' ', '-', '[.·_]'))})(?!\d)"
)
_SPACED_ID = re.compile(r"(?<!\d)\d(?:[ -]{0,2}\d){16}[ -]{0,2}[\dXx](?![\dA-Za-z])")
_SPACED_CARD = re.compile(r"(?<!\d)[3-69]\d{3}(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def masked(text: str) -> str:
    """Put `***` in the place of whatever tells who somebody is or how to reach them."""
    visible = text.translate(_INVISIBLE)
    plain = visible.translate(_PLAIN)
    spans = [*_found(plain), *_written_out(plain)]
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            parts += (visible[done:start], MASK)
        done = max(done, end)
    return "".join(parts) + visible[done:]


def is_id_number(written: str) -> bool:
    """Tell whether 18 characters are an ID number: a date of birth, and the check digit of GB 11643."""
    digits = re.sub(r"[ -]", "", written)
    try:
        date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == digits[17].upper()


def _found(plain: str) -> Iterator[tuple[int, int]]:
    for pattern in _CERTAIN:
        yield from (match.span() for match in pattern.finditer(plain))
    for pattern in _AFTER_A_WORD:
        yield from (match.span("it") for match in pattern.finditer(plain))
    yield from _proven(_MOBILE, plain, _is_grouped)
    yield from _proven(_SPACED_ID, plain, is_id_number)
    yield from _proven(_SPACED_CARD, plain, _is_card)


def _written_out(plain: str) -> Iterator[tuple[int, int]]:
    """Find numbers whose digits are written in Chinese; a single one beside a number is another word."""
    digits = plain.translate(_CHINESE_DIGITS)
    if digits == plain:
        return
    for pattern, least in (*((each, 4) for each in _NUMBERS), (_MOBILE, 3), (_WRITTEN_PLATE, 4)):
        for match in pattern.finditer(digits):
            start, end = match.span()
            if (
                sum(before != after for before, after in zip(plain[start:end], match[0], strict=True))
                >= least
            ):
                yield start, end


def _proven(pattern: re.Pattern[str], plain: str, holds: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Find what something else tells from a mere list of numbers."""
    for match in pattern.finditer(plain):
        if holds(match[0]):
            yield match.span()


def _is_grouped(written: str) -> bool:
    """Tell a telephone number from a list: it is written in few groups, or digit by digit."""
    groups = re.findall(r"\d+", written)
    return len(groups) <= 6 or all(len(group) == 1 for group in groups)


def _is_card(written: str) -> bool:
    """Luhn's check, which bank cards have."""
    digits = re.findall(r"\d", written)
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
