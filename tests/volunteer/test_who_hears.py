"""Whom the default rules tell of tasks and hours: the volunteer, the family, and who asked."""

from collections import defaultdict

from services.notify.domain.audience import wanted
from services.notify.domain.rulebook import Kind
from services.notify.domain.rules import rule_from
from services.notify.usecases.install_defaults import shipped
from shared.contracts.generation.examples import examples
from shared.contracts.generation.neighbourhood import GUARD, RESIDENT, RIDER
from shared.identifiers import new_id

ASKED_BY = "p-2be4470d"


def test_each_end_of_a_story_is_told_to_whom_it_concerns() -> None:
    told: dict[str, set[str]] = defaultdict(set)
    rules = [rule_from(new_id(), name, content) for kind, name, content in shipped() if kind is Kind.RULE]
    for rule in rules:
        if not rule.name.startswith(("task-", "hours-")):
            continue
        for example in examples()[rule.event]:
            if rule.matches(example.event.data):
                for selector in rule.recipients:
                    told[rule.name].update(wanted(selector, example.event.data).persons)
    family = {RESIDENT, ASKED_BY}
    assert told == {
        "task-asked": {ASKED_BY},
        "task-offered": {RIDER, GUARD},
        "task-reopened": family,
        "task-yours": {RIDER},
        "task-not-yours": {RIDER},
        "task-passed-on": {GUARD},
        "task-without-you": {GUARD},
        "task-missed": {RIDER},
        "task-taken": family,
        "task-done": family,
        "task-not-done": set(),  # the example arose from a case: its reporter hears from issues
        "task-expired": family,
        "task-disputed": {*family, RIDER, GUARD},
        "hours-credited": {RIDER},
    }
