"""What the phones must show, computed from the recorded rows and the city's rules alone.

This is the judge, so it shares no code with the services: it reads the same rules and says in its own words
what they come to. A rule for people: a case of a category goes to the holders of its role in its district, or
where that has none to those of the city; and whoever reported it hears who has it.
"""

from collections import Counter
from dataclasses import dataclass

from deploy.replay.city import CATEGORIES, OPERATOR, Holder, Person, caller, holders, operator
from deploy.replay.recorded import Row

WORDS = {
    ("handed-over", "en"): "【邻里】Report {case}: {category}, handed to {role}.",
    ("handed-over", "zh"): "【邻里】您反映的{category}（{case}）已转交{role}。",
    ("assigned", "en"): "【邻里】Case {case} for you: {category}, {priority}.",
    ("assigned", "zh"): "【邻里】请处理{case}：{category}，{priority}。",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as a phone shows it: by which channel, at which address, saying what."""

    channel: str
    address: str
    text: str


def expected_messages(rows: list[Row], cases: list[str]) -> Counter[Shown]:
    """Compute all messages for these rows; `cases` are the case ids that the app was answered, row by row."""
    found = holders()
    messages: Counter[Shown] = Counter()
    for number, (row, case) in enumerate(zip(rows, cases, strict=True)):
        category, role = CATEGORIES[row["RequestType"]]
        reporter = caller(number, row)
        if reporter is not None:
            messages.update(_shown(reporter, "handed-over", category, role, case))
        for person in _handlers(found, role, row["CD"]):
            messages.update(_shown(person, "assigned", category, role, case))
    return messages


def _handlers(found: list[Holder], role: str, district: str) -> list[Person]:
    if role == "operator":
        return [operator()]
    near = [holder.person for holder in found if (holder.role, holder.district) == (role, district)]
    return near or [holder.person for holder in found if (holder.role, holder.district) == (role, "")]


def _shown(person: Person, kind: str, category: str, role: str, case: str) -> list[Shown]:
    if not person.phone:
        return []
    text = WORDS[kind, person.language].format(case=case, category=category, role=role, priority="ordinary")
    if person.push_token:
        return [Shown("push", person.push_token, text)]
    return [Shown("sms", person.phone, text)]


__all__ = ["OPERATOR", "WORDS", "Shown", "expected_messages"]
