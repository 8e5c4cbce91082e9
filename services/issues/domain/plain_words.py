"""The states and changes of cases in plain words, as their reporters are told: data, in two languages."""

from collections.abc import Mapping
from enum import StrEnum

from services.issues.domain.case import Change, State


class Language(StrEnum):
    """A language in which people are told things."""

    zh = "zh"
    en = "en"


STATES: Mapping[Language, Mapping[State, str]] = {
    Language.zh: {
        State.reported: "已收到您的反映,等待受理",
        State.accepted: "已受理,正在安排处理人",
        State.refused: "未予受理",
        State.assigned: "已派给处理人,等待处理",
        State.in_progress: "正在处理",
        State.suspended: "暂时搁置,条件具备后继续处理",
        State.resolved: "处理人表示已办妥,等待确认",
        State.checked: "已核查属实,等待结案",
        State.closed: "已结案",
        State.withdrawn: "您已撤回",
        State.cancelled: "已作废",
        State.referred: "已转交其他单位",
    },
    Language.en: {
        State.reported: "We have your report; somebody will look at it",
        State.accepted: "Accepted; we are finding somebody to handle it",
        State.refused: "Not taken on",
        State.assigned: "Given to a handler, who has not begun yet",
        State.in_progress: "Being worked on",
        State.suspended: "On hold; it goes on when that becomes possible",
        State.resolved: "The handler says it is fixed; that is to be confirmed",
        State.checked: "Checked and found fixed; about to be closed",
        State.closed: "Closed",
        State.withdrawn: "Withdrawn by you",
        State.cancelled: "Cancelled",
        State.referred: "Passed on to another office",
    },
}
FOLLOWED: Mapping[Language, Mapping[State, str]] = {
    Language.zh: {State.reported: "已收到反映,等待受理", State.withdrawn: "反映人已撤回"},
    Language.en: {
        State.reported: "It was reported; somebody will look at it",
        State.withdrawn: "Withdrawn by who reported it",
    },
}
"""The words for who did not report a case but follows it, where they are others."""
CHANGES: Mapping[Language, Mapping[str, str]] = {
    Language.zh: {
        Change.reported: "您反映了问题",
        Change.imported: "由其他系统转入",
        Change.accepted: "已受理",
        Change.refused: "未予受理",
        Change.assigned: "已派给处理人",
        Change.started: "开始处理",
        Change.returned: "处理人退回,将另行安排",
        Change.resolved: "处理人表示已办妥",
        Change.checked: "经核查已办妥",
        Change.not_fixed: "经核查尚未办妥,继续处理",
        Change.closed: "已结案",
        Change.reopened: "案件已重新办理",
        Change.withdrawn: "您撤回了反映",
        Change.rated: "您作出了评价",
        Change.linked: "您将案件关联到自己的账号",
        "overdue": "已超过办理期限,已上报督办",
        "extension-asked": "处理人申请延期",
        "extended": "已批准延期",
        "extension-refused": "延期申请未获批准",
        Change.photo_added: "添加了照片",
        Change.photo_published: "照片已公开",
        Change.photo_hidden: "照片不再公开",
        Change.photo_removed: "照片已移除",
    },
    Language.en: {
        Change.reported: "You reported it",
        Change.imported: "It came from another system",
        Change.accepted: "It was accepted",
        Change.refused: "It was not taken on",
        Change.assigned: "It was given to a handler",
        Change.started: "The work began",
        Change.returned: "The handler gave it back; somebody else will be found",
        Change.resolved: "The handler said that it is fixed",
        Change.checked: "Somebody checked: it is fixed",
        Change.not_fixed: "Somebody checked: it is not fixed yet; the work goes on",
        Change.closed: "It was closed",
        Change.reopened: "It was opened again",
        Change.withdrawn: "You withdrew it",
        Change.rated: "You rated it",
        Change.linked: "You put it to your account",
        "overdue": "It is late, and those above were told",
        "extension-asked": "The handler asked for more time",
        "extended": "More time was given",
        "extension-refused": "More time was not given",
        Change.photo_added: "A photo was added",
        Change.photo_published: "A photo was made public",
        Change.photo_hidden: "A photo is no longer public",
        Change.photo_removed: "A photo was taken away",
    },
}
_KNOWN = frozenset(language.value for language in Language)
_OTHER_CHANGE = {Language.zh: "案件有新的进展", Language.en: "Something was added to the case"}
_LATE = {Language.zh: ",已超过办理期限", Language.en: "; it is past its deadline"}


def said_of_state(state: State, language: Language, *, late: bool = False, followed: bool = False) -> str:
    """Say where a case stands, and that it is late, to its reporter or to who follows it."""
    said = (followed and FOLLOWED[language].get(state)) or STATES[language][state]
    return said + (_LATE[language] if late else "")


def said_of_change(change: str, language: Language) -> str:
    """Say what happened to a case; changes that are no reporter's concern in words of no detail."""
    return CHANGES[language].get(change, _OTHER_CHANGE[language])


def language_of(accepted: str | None) -> Language:
    """Choose by `Accept-Language`: the known one with the highest weight, Chinese where nothing is said."""
    best, chosen = 0.0, Language.zh
    for part in (accepted or "").split(","):
        name, _, parameter = part.partition(";")
        primary = name.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if primary in _KNOWN and weight > best:
            best, chosen = weight, Language(primary)
    return chosen


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
