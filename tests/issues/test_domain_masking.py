"""What tells who somebody is goes from a text, and what a reader of open cases needs stays."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.issues.domain.masking import MASK, is_id_number, masked

# Made up, every one; between the bars stands what has to go.
GOES = [
    "请联系|13912345678|处理",
    "一楼王阿姨 |139 1234 5678|,白天在家",
    "电话:|139-1234-5678|。",
    "|+86 139 1234 5678|",
    "|(+86)13912345678|",
    "|008613912345678|",
    "我的号码|１３９１２３４５６７８|",
    "我的号码|１３９－１２３４－５６７８|",
    "打|139\u200b1234\u200b5678|",
    "打|1 3 9 1 2 3 4 5 6 7 8|",
    "找|13912345678|一楼的人",
    "打|139/1234/5678|或|139，1234，5678|",
    "打|①③⑨①②③④⑤⑥⑦⑧|",
    "传真 |0580 - 2026123|、|(0580) 2026-123|",
    "打|139.1234.5678|给我",
    "电话|一三九一二三四五六七八|找我",
    "幺三九那个:|幺三九一二三四五六七八|",
    "我住501,|13912345678|",
    "2幢501室|13912345678|随时",
    "call me on |139–1234–5678| please",
    "物业 |0580-2026123|,|0580 20261234|",
    "物业|(0580)2026123|没人接",
    "北京 |010-62345678|,分机也行 |010-62345678转802|",
    "办公室电话|2026123|没人接",
    "座机: |8202 6123|",
    "tel |555-0123|",
    "厂家 |400-123-4567|,|400 1234 567|,|4001234567|,|800-810-1234|",
    "London |+44 20 7946 0958|, home |020 7946 0958|",
    "New York |(555) 123-4567| or |555-123-4567|",
    "香港 |+852 2345 6789|",
    "身份证|11010519491231002X|的老人",
    "身份证 |110105 19491231 002x|",
    "ID number |110105194912310021|",
    "证件 |1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X|",
    "旧证|110105491231002|",
    "身份证后四位|002X|",
    "护照号|E12345678|",
    "passport no. |EA1234567|",
    "卡号|6222 0212 3456 7894|",
    "卡号|6222021234567894|",
    "|浙L12345|一直停在消防通道",
    "|浙L·12345|、|浙 L 1234G|、|浙l-a2b3c|",
    "新能源车|浙LD12345|和|浙L12345F|",
    "|浙Ｌ·１２３４５|",
    "|浙LD·12345|和|浙L12O45|",
    "|粤Z1234港|、|浙L1234学|、|WJ浙1234X|、|123456使|",
    "车牌号:|L12345|",
    "plate number: |ABC 123|",
    "a white van, plate |L·12345|, blocks the lane",
    "licence plate |AB12CDE|",
    "写信到|zhang.san+x@example.com.cn|谢谢",
    "mail |john@example.org|.",
    "mail |john＠example.org|",
    "mail |john (at) example.org|",
    "mail |john [at] example [dot] org|",
    "mail |john at example dot org|",
    "mail |zhang @ example . com|, |zhangsan#qq.com|",
    "加微信|zhang_san88|",
    "微信号:|zhangsan|",
    "加V信 |zhang1988|",
    "vx:|zhangsan|",
    "my WeChat ID is |johnsmith|",
    "|wxid_a1b2c3d4|",
    "我的微信是|wang-lili|,V:|zhangsan123|,抖音号|abc12345|",
    "通行证|H12345678|,军官证 南字第|12345678|号",
    "QQ|12345678|,QQ号:|987654|",
    "请联系|2026123|,有事打 |8202612|",
    "加我微信|zhangsan|",
    "write to |li.wei at qq.com|, please",
    "请打|13912345六七八|",
    "车牌|浙L一二三四五|一直停着",
]
STAYS = [
    "3幢2单元501室门口,楼道堆物",
    "12号楼1301,电梯坏了3天",
    "2026-11-24 14:30 起,到2026年11月25日",
    "二〇二六年十一月二十四日,十二楼",
    "24/11/2026 at 2:30 pm, building 12, flat 501",
    "修理费1,234,567.80元,押金500元",
    "¥13800 已付,还差 4000000 元",
    "预算800 1000 2000元三档,共 400 500 1000 人",
    "1391米长的围墙,3900平方米绿地",
    "打了12345和110,119也来过,银行是95588",
    "2021 2022 2023 2024 四年都这样",
    "1.5米宽,2.75米高,0.5公里",
    "第3、5、7、9、11、13栋",
    "1 3 5 7 9 11 13 15 单元都停水",
    "新A区B栋,云A1234室,藏B12楼,沪C2出口,G1501高速",
    "路灯编号 DH-2026-0123 不亮",
    "沿街商铺A座1205,云A座,新B区12号",
    "gate 3, lamp post 20261124, pipe DN400, 220 V 1500 W",
    "between 10:00 and 11:30, Nov 24 2026",
    "meet at the east gate at 8, wechat group told us",
    "微信群里都在说,QQ群也在说",
    "拨打了3次电话,等了45分钟;手机 6999 元",
    "停车费 5 元/小时,20 元封顶,月租 300",
    "北纬30.0162,东经122.1068",
    "GB/T 47678.5-2026 09012",
    "call 5 neighbours, phone box no. 7",
    "van in the fire lane since 2026-11-20 08:15",
    "3-2-501 漏水,4-1-402 也漏",
    "苏宁易购门口,京东快递柜 12 号",
    "价格 139 元,原价 1391 元",
    "number 12 of 2026, page 3/15",
    "已联系3次,联系 2026 年负责人,打给物业 12 次,来电 2000000 元",
    "look at the lamp, at 8 at Heyuan gate 3",
    "加微信群聊,加我微信好友",
    "浙江一二三四五号楼",
]


@pytest.mark.parametrize("text", GOES)
def test_what_tells_who_somebody_is_goes(text: str) -> None:
    parts = text.split("|")
    expected = "".join(MASK if number % 2 else part for number, part in enumerate(parts))
    assert masked("".join(parts)).replace("\u200b", "") == expected


@pytest.mark.parametrize("text", STAYS)
def test_what_a_reader_needs_stays(text: str) -> None:
    assert masked(text) == text


def test_an_id_number_is_proven_by_date_and_check_digit() -> None:
    assert is_id_number("11010519491231002X")
    assert not is_id_number("110105194912310021")
    assert not is_id_number("11010519491331002X")


WORDS = st.text(alphabet="消防通道被堵 ,。abcXYZ:@-()", max_size=12)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", " ", "-"]), WORDS)
def test_no_mobile_number_gets_through_in_whatever_words(
    before: str, number: int, separator: str, after: str
) -> None:
    digits = str(number)
    written = separator.join((digits[:3], digits[3:7], digits[7:]))
    shown = masked(f"{before}{written}{after}")
    assert written not in shown
    assert digits[3:7] not in shown
    assert masked(shown) == shown


def test_a_long_text_takes_no_long_time() -> None:
    for text in ("1" * 4000, "a" * 4000, "1-" * 2000, "0 " * 2000, "微信" * 2000, "浙L" * 2000, "a@" * 2000):
        began = time.process_time()
        assert len(masked(text)) <= 4000
        assert time.process_time() - began < 1, "a pattern that backtracks takes minutes"
