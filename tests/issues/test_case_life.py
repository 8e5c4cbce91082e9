"""The life of a case through the API, as those who live it: reporter, handlers, checkers, command room."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from services.issues.domain.case import CHANGES, Change, State
from shared.messaging.settings import KafkaSettings
from tests.issues.test_events import published, read_all
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
WORDS = "call me on 13800138000"


class Player:
    """One person who does things to one case."""

    def __init__(self, town: Town, case: UUID, person: str, *roles: str) -> None:
        self.town, self.case, self.person, self.roles = town, case, person, roles

    async def does(self, verb: str, problem: str | None = None, *, status: int = 409, **body: Any) -> Any:
        """Do something; with a problem's name, be refused for that."""
        answer = await self.town.ask(
            "POST", f"/cases/{self.case}/{verb}", person=self.person, roles=self.roles, body=body
        )
        if problem is None:
            assert answer.status_code == 200, (verb, answer.text)
            return answer.json()
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:linli:problem:{problem}"), verb
        return None


class Cast:
    """Everybody who has to do with a case."""

    def __init__(self, town: Town, case: UUID) -> None:
        self.rita = Player(town, case, "rita", "resident")
        self.bob = Player(town, case, "bob", "resident")
        self.guard = Player(town, case, "gu", "guard")
        self.handler = Player(town, case, "ha", "handler")
        self.dispatcher = Player(town, case, "dora", "dispatcher")
        self.operator = Player(town, case, "olive", "operator")


async def test_a_whole_life(town: Town, module_kafka_settings: KafkaSettings) -> None:
    await town.rule("guards", {"role": "guard", "level": "community"})
    await town.ask("POST", "/roles", body={"person": "dora", "role": "dispatcher"})
    case = await town.report(description=WORDS)
    cast = Cast(town, case)
    await cast.operator.does("close", "wrong-state")
    await cast.operator.does("accept", note="seen")
    await cast.operator.does("accept", "wrong-state")
    await cast.rita.does("accept", "forbidden", status=403)
    await cast.rita.does("start", "not-theirs", status=403)
    assert (await cast.guard.does("start"))["state"] == "in-progress"
    await cast.dispatcher.does("refuse", "wrong-state", reason="not-our-area")
    given_back = await cast.guard.does("return", reason="not-mine", note=WORDS)
    assert (given_back["state"], given_back["assignee"]) == ("accepted", None)
    await cast.guard.does("resolve", "not-found", status=404, outcome="x")
    to_handlers = {"role": "handler", "place": str(town.id)}
    await cast.dispatcher.does("assign", assignee=to_handlers)
    await cast.handler.does("resolve", outcome=WORDS)
    await cast.operator.does("close", "not-checked")
    await cast.handler.does("check", "second-person-needed", status=403, fixed=True)
    await cast.bob.does("check", "not-found", status=404, fixed=True)
    back = await cast.rita.does("check", fixed=False, note="it is still there")
    assert (back["state"], back["assignee"]["role"], back["resolved_at"]) == ("assigned", "handler", None)
    await cast.handler.does("resolve", outcome="moved at last")
    await cast.dispatcher.does("check", fixed=True)
    await cast.rita.does("withdraw", "wrong-state")
    await cast.rita.does("rate", "wrong-state", stars=5)
    await cast.operator.does("close")
    await cast.rita.does("rate", stars=2, words=WORDS)
    await cast.rita.does("rate", "rated-already", stars=5)
    await cast.operator.does("rate", "not-theirs", status=403, stars=5)
    await cast.handler.does("reopen", "not-theirs", status=403, note="x")
    reopened = await cast.rita.does("reopen", note=WORDS)
    assert (reopened["state"], reopened["assignee"]["role"]) == ("assigned", "handler")
    await cast.handler.does("resolve", outcome="moved again")
    await cast.dispatcher.does("check", fixed=True)
    await cast.dispatcher.does("close")
    await cast.rita.does("rate", stars=4)
    await _was_entered(town, case)
    await _was_said(town, case, module_kafka_settings)


LIFE = (
    *("reported", "assigned", "accepted", "started", "returned", "assigned", "resolved", "not-fixed"),
    *("resolved", "checked", "closed", "rated", "reopened", "resolved", "checked", "closed", "rated"),
)


async def _was_entered(town: Town, case: UUID) -> None:
    found = await town.get(f"/cases/{case}")
    assert [entry["change"] for entry in found["history"]] == list(LIFE)
    assert [entry["version"] for entry in found["history"]] == list(range(1, len(LIFE) + 1))
    pages, path = [], f"/cases/{case}/history?limit=10"
    page = await town.get(path, person="rita", roles=("resident",))
    pages += page["items"]
    page = await town.get(f"{path}&cursor={page['next']}", person="rita", roles=("resident",))
    among_handlers = ("assigned", "returned")
    assert pages + page["items"] == [
        {**entry, "note": None} if entry["change"] in among_handlers else entry for entry in found["history"]
    ]
    assert [entry["note"] for entry in found["history"] if entry["change"] == "returned"] == [WORDS]
    assert (await town.ask("GET", path, person="bob", roles=("resident",))).status_code == 404
    clocks = found["clocks"]
    handlers = {clock["assignee"]["role"]: clock["seconds"] for clock in clocks["handlers"]}
    assert handlers.keys() == {"guard", "handler"}
    assert 0 <= sum(handlers.values()) <= clocks["case_seconds"]
    assert (found["state"], found["closings"], clocks["assigned_since"]) == ("closed", 2, None)
    assert [(each["closing"], each["stars"]) for each in found["ratings"]] == [(1, 2), (2, 4)]
    assert found["ratings"][0]["words"] == WORDS
    seen = await town.get(f"/cases/{case}", person="ha", roles=("handler",))
    assert [each["words"] for each in seen["ratings"]] == [None, None]
    assert WORDS not in str([each for each in found["history"] if each["change"] == "rated"])


async def _said_of(town: Town, case: UUID, settings: KafkaSettings) -> list[tuple[str, int, Any]]:
    await published(town)
    return (await asyncio.to_thread(read_all, settings, "linli.issues", str(town.id)))[str(case)]


async def _was_said(town: Town, case: UUID, settings: KafkaSettings) -> None:
    said = await _said_of(town, case, settings)
    named = [kind.removeprefix("linli.issues.issue-").removesuffix(".v1") for kind, _, _ in said]
    # A check that failed gives the case to its handler anew.
    assert named == ["assigned" if change == "not-fixed" else change for change in LIFE]
    assert [sequence for _, sequence, _ in said] == list(range(1, len(LIFE) + 1))
    assert WORDS not in str(said)
    facts = dict(zip(range(1, len(LIFE) + 1), (fact for _, _, fact in said), strict=True))
    assert (facts[5]["reason"], facts[5]["told"]["role"]) == ("not-mine", "dispatcher")
    assert (facts[11]["checked"], facts[12]["stars"], facts[12]["closing"]) == (True, 2, 1)
    assert (facts[6]["assignee"]["role"], facts[7]["resolver"]) == ("handler", "ha")
    assert (facts[7]["check_needed"], facts[7]["priority"]) == (True, "urgent")
    assert [facts[number]["told"]["role"] for number in (7, 9, 10)] == ["dispatcher"] * 3
    assert facts[13]["told"]["role"] == "handler"
    assert [facts[number]["again"] for number in (2, 6, 8)] == [False, False, True]
    # Who has it, or had it until then, is named by all.
    assert [facts[number]["assignee"]["role"] for number in range(2, len(LIFE) + 1)] == [
        *["guard"] * 4,
        *["handler"] * (len(LIFE) - 5),
    ]
    assert {fact["reporter"] for fact in facts.values()} == {"rita"}


async def test_short_lives_and_what_communities_want(town: Town) -> None:
    assert await town.get("/closing-rules") == {"check_needed": True, "reopen_days": 14, "version": 0}
    rules = {"check_needed": False, "reopen_days": 0}
    assert (await town.ask("PUT", "/closing-rules", body=rules)).status_code == 428
    assert (await town.ask("PUT", "/closing-rules", body=rules, if_match=0)).json()["version"] == 1
    assert (await town.ask("PUT", "/closing-rules", body=rules, if_match=0)).status_code == 412
    casts = [Cast(town, await town.report()) for _ in range(3)]
    withdrawn, refused, closed = casts
    await withdrawn.operator.does("withdraw", "not-theirs", status=403)
    assert (await withdrawn.rita.does("withdraw", note="it has gone"))["state"] == "withdrawn"
    assert (await refused.dispatcher.does("refuse", reason="not-our-area"))["state"] == "refused"
    await closed.operator.does("resolve", outcome="done")
    assert (await closed.operator.does("close"))["state"] == "closed"
    await closed.rita.does("reopen", "too-late-to-reopen", note="it is back")
    for cast in (withdrawn, refused):
        for verb, body in (
            ("accept", {}),
            ("start", {}),
            ("return", {"reason": "not-mine"}),
            ("resolve", {"outcome": "x"}),
            ("check", {"fixed": True}),
            ("close", {}),
            ("reopen", {"note": "x"}),
            ("rate", {"stars": 3}),
        ):
            await cast.operator.does(verb, "wrong-state", **body)
    found = await town.get(f"/cases/{withdrawn.rita.case}")
    assert found["closed_at"] is not None
    assert found["clocks"]["case_seconds"] >= 0
    stale = await town.ask("POST", f"/cases/{closed.rita.case}/reopen", body={"note": "x"}, if_match=1)
    assert stale.status_code == 412


async def test_a_category_may_want_something_else_than_its_community(
    town: Town, module_kafka_settings: KafkaSettings
) -> None:
    await town.category("leak", check_needed=False, reopen_days=3)
    found = await town.get("/categories/leak")
    assert (found["check_needed"], found["reopen_days"]) == (False, 3)
    assert (await town.get("/categories/fire-lane"))["check_needed"] is None
    cast = Cast(town, await town.report(category="leak"))
    await cast.operator.does("resolve", outcome="done")
    await cast.operator.does("close")
    found = await town.get(f"/cases/{cast.rita.case}")
    assert found["reopen_until"][:10] > found["closed_at"][:10]
    # An operator speaks for reporters who come in person; volunteers' cases go to who dispatches.
    assert (await cast.operator.does("reopen", note="she rang"))["state"] == "assigned"
    to_volunteers = {"volunteers": True, "place": str(town.id)}
    await cast.operator.does("assign", assignee=to_volunteers)
    await cast.operator.does("resolve", outcome="done")
    await cast.operator.does("close")
    reopened = await cast.rita.does("reopen", note="it drips")
    assert (reopened["state"], reopened["assignee"]) == ("accepted", None)
    said = await _said_of(town, cast.rita.case, module_kafka_settings)
    resolved = [fact for kind, _, fact in said if kind.endswith("issue-resolved.v1")]
    # There is no dispatcher here: the operators close it.
    assert [(fact["check_needed"], fact["told"]["role"]) for fact in resolved] == [(False, "operator")] * 2


async def test_who_dispatches_looks_first_where_a_category_wants_it(town: Town) -> None:
    await town.category("noise", screened=True)
    await town.rule("guards", {"role": "guard", "level": "community"})
    assert (await town.get("/dispatch/explain?category=noise"))["rule"] == "guards"
    body = {"category": "noise", "description": WORDS}
    answer = await town.ask("POST", "/reports", person="rita", roles=("resident",), body=body, key="k")
    said = answer.json()
    assert (answer.status_code, answer.headers["ETag"], said["state"]) == (201, '"1"', "reported")
    assert (said["assignee"], said["version"]) == (None, 1)
    again = await town.ask("POST", "/reports", person="rita", roles=("resident",), body=body, key="k")
    assert (again.content, again.headers["ETag"]) == (answer.content, '"1"')
    case, others = UUID(said["id"]), [await town.report(category="noise") for _ in range(3)]
    (own,) = (await town.get("/reports/mine?limit=1", person="rita", roles=("resident",)))["items"]
    assert own["state"] == "reported"
    waiting = await town.get("/cases?state=reported&open=true", person="dora", roles=("dispatcher",))
    assert {UUID(each["id"]) for each in waiting["items"]} == {case, *others}
    cast = Cast(town, case)
    await cast.guard.does("start", "not-found", status=404)
    await cast.operator.does("start", "wrong-state")
    accepted = await cast.dispatcher.does("accept", note="two have rung")
    assert (accepted["state"], accepted["assignee"]["role"], accepted["version"]) == ("assigned", "guard", 3)
    found = await town.get(f"/cases/{case}")
    assert found["due_at"] == said["due_at"]
    assert [(entry["change"], entry["actor"]) for entry in found["history"]] == [
        ("reported", "rita"),
        ("accepted", "dora"),
        ("assigned", "dispatch"),
    ]
    assert found["history"][2]["detail"] == {"assignee": accepted["assignee"], "rule": "guards"}
    await cast.operator.does("accept", "wrong-state")
    await cast.guard.does("start")
    refused, named, withdrawn = (Cast(town, other) for other in others)
    assert (await refused.dispatcher.does("refuse", reason="not-our-area"))["version"] == 2
    given = await named.dispatcher.does("accept", assignee={"person": "ha"})
    assert (given["state"], given["assignee"]["person"], given["version"]) == ("assigned", "ha", 3)
    assert (await withdrawn.rita.does("withdraw"))["state"] == "withdrawn"


BODIES: dict[str, Any] = {
    "accept": {},
    "start": {},
    "return": {"reason": "not-mine"},
    "resolve": {"outcome": "done"},
    "check": {"fixed": True},
    "close": {},
    "reopen": {"note": "again"},
    "rate": {"stars": 3},
    "assign": {"assignee": {"person": "ha"}},
}
CHANGE_OF = {"accept": "accepted", "start": "started", "return": "returned"}
CHANGE_OF |= {"resolve": "resolved", "check": "checked", "close": "closed", "reopen": "reopened"}
CHANGE_OF |= {"rate": "rated", "assign": "assigned"}


async def test_any_life_is_entered_whole(town: Town) -> None:
    """Whatever anybody tries, several at once: each change that happened is one entry, and a legal one."""
    dice = random.Random(20261124)
    await town.category("noise", screened=True)
    case = await town.report(category="noise")
    cast = Cast(town, case)
    players = (cast.rita, cast.handler, cast.dispatcher, cast.operator)
    done: Counter[str] = Counter()

    async def attempt(player: Player, verb: str) -> None:
        answer = await town.ask(
            "POST", f"/cases/{case}/{verb}", person=player.person, roles=player.roles, body=BODIES[verb]
        )
        assert answer.status_code in {200, 403, 404, 409}, answer.text
        done[CHANGE_OF[verb]] += answer.status_code == 200

    for _ in range(50):
        verb = dice.choice(list(BODIES))
        await asyncio.gather(*(attempt(player, verb) for player in dice.sample(players, 2)))
    # However that went, this ends with a closing that is rated.
    for verb in ("reopen", "assign", "resolve", "check", "close", "rate"):
        await asyncio.gather(*(attempt(player, verb) for player in players))
    found = await town.get(f"/cases/{case}")
    history = found["history"]
    assert [entry["version"] for entry in history] == list(range(1, found["version"] + 1))
    # Acceptance may be followed by dispatch, which nobody asked for.
    assert Counter(entry["change"] for entry in history[1:] if entry["actor"] != "dispatch") == +done
    assert len(found["ratings"]) == done["rated"] <= found["closings"] == done["closed"]
    state = State.reported
    for entry in history[1:]:
        state = CHANGES[Change(entry["change"])][state]
    assert (state.value, found["state"], done["rated"] > 0) == ("closed", "closed", True)
