"""Categories with their deadlines, and the rules by which cases find their handlers."""

from dataclasses import dataclass
from typing import Final

NATIONAL: Final = ("GB/T 47678.5", "2026")
# Matters of a residential compound that the national catalogue does not know.
LOCAL: Final = ("local", "1")
HOURS: Final = 60
DAYS: Final = 24 * HOURS


@dataclass(frozen=True, slots=True)
class Category:
    """What can be reported; `number` is its code in the catalogue of `standard`."""

    code: str
    standard: tuple[str, str]
    number: str
    name_zh: str
    name_en: str
    priority: str
    deadline_minutes: int


@dataclass(frozen=True, slots=True)
class DispatchRule:
    """Cases of a category go to the holders of a role in the case's own place at this level."""

    category: str
    role: str
    level: str

    @property
    def code(self) -> str:
        return f"{self.category}-to-{self.role}"


CATEGORIES: Final = (
    Category(
        "blocked-fire-lane", NATIONAL, "09012", "占用消防通道", "Blocked fire lane", "urgent", 2 * HOURS
    ),
    Category("illegal-parking", NATIONAL, "09009", "机动车乱停放", "Badly parked car", "ordinary", 1 * HOURS),
    Category(
        "bicycle-misparked",
        NATIONAL,
        "09010",
        "非机动车乱停放",
        "Badly parked bicycle",
        "ordinary",
        8 * HOURS,
    ),
    Category("stall-on-road", NATIONAL, "09006", "占道经营", "Stall on the road", "ordinary", 4 * HOURS),
    Category("rubbish", NATIONAL, "06010", "暴露垃圾", "Exposed rubbish", "ordinary", 4 * HOURS),
    Category(
        "bin-overflowing", NATIONAL, "06042", "垃圾站（箱）满溢", "Overflowing bin", "ordinary", 4 * HOURS
    ),
    Category("road-damage", NATIONAL, "06013", "道路破损", "Broken road surface", "ordinary", 5 * DAYS),
    Category("noise", NATIONAL, "06028", "噪声扰民", "Noise", "ordinary", 2 * HOURS),
    Category("illegal-notice", NATIONAL, "07001", "非法小广告", "Illegal notice", "ordinary", 1 * DAYS),
    Category("drain-cover", NATIONAL, "01003", "雨水井盖异常", "Damaged drain cover", "urgent", 2 * HOURS),
    Category("street-light", NATIONAL, "01037", "路灯异常", "Street lamp out", "ordinary", 1 * DAYS),
    Category("stairwell-clutter", LOCAL, "L01", "楼道堆物", "Clutter in a stairwell", "ordinary", 1 * DAYS),
    Category("flying-cable", LOCAL, "L02", "飞线充电", "Charging by a hanging cable", "urgent", 4 * HOURS),
    Category("lift", LOCAL, "L03", "电梯故障", "Lift out of order", "urgent", 1 * HOURS),
    Category("leak", LOCAL, "L04", "房屋漏水", "Water leak", "ordinary", 12 * HOURS),
    Category("neighbours", LOCAL, "L05", "邻里纠纷", "Dispute between neighbours", "ordinary", 2 * DAYS),
    Category("elder-care", LOCAL, "L06", "养老关怀", "Care for an elder", "ordinary", 1 * DAYS),
    Category("rider-request", LOCAL, "L07", "小哥诉求", "Rider's request", "ordinary", 3 * DAYS),
)

RULES: Final = (
    DispatchRule("blocked-fire-lane", "guard", "compound"),
    DispatchRule("illegal-parking", "guard", "compound"),
    DispatchRule("bicycle-misparked", "guard", "compound"),
    DispatchRule("rubbish", "property", "compound"),
    DispatchRule("bin-overflowing", "property", "compound"),
    DispatchRule("stairwell-clutter", "steward", "compound"),
    DispatchRule("flying-cable", "steward", "compound"),
    DispatchRule("lift", "property", "compound"),
    DispatchRule("leak", "property", "compound"),
    DispatchRule("neighbours", "representative", "building"),
    DispatchRule("elder-care", "steward", "compound"),
    DispatchRule("road-damage", "handler", "community"),
    DispatchRule("noise", "handler", "community"),
    DispatchRule("stall-on-road", "handler", "community"),
    DispatchRule("illegal-notice", "handler", "community"),
    DispatchRule("drain-cover", "handler", "community"),
    DispatchRule("street-light", "handler", "community"),
)
# Whatever no rule names waits at the command room.
FALLBACK_ROLE: Final = "operator"
# Minutes after the deadline, and the role that hears then.
LEVELS: Final = ((0, "operator"), (60, "street"))
