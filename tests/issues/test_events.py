"""What issues says on the bus, read by another client than ours."""

import asyncio
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from confluent_kafka import Consumer, TopicPartition

from services.issues.api.events import WATCH
from services.issues.app import report_writer
from services.issues.domain.dispatch import Rule, Target
from services.issues.store.reports import Key, Report
from services.issues.store.routing import put_rule, touch_routing
from services.issues.usecases.report_issues import report_issues
from services.issues.usecases.routings import CurrentRouting, Routings
from shared.contracts import Assignee, IssueAssigned, IssueRated
from shared.contracts.event import Event
from shared.database.pool import Database
from shared.database.work import Works
from shared.errors import Invalid
from shared.http.events import _cloud_event
from shared.http.idempotency import StoredAnswer
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.messaging.settings import KafkaSettings
from shared.messaging.wire import unpack_records
from shared.security.roles import Role
from tests.fixtures.servers import Servers
from tests.issues.town import Town

pytestmark = pytest.mark.anyio
Said = tuple[str, int, dict[str, Any]]


def read_all(settings: KafkaSettings, topic: str, community: str) -> dict[str, list[Said]]:
    """Read a topic from its beginning to its end: by key, what was said, with type and sequence, in order."""
    consumer = Consumer(
        {"bootstrap.servers": settings.bootstrap_servers, "group.id": "reader", "enable.auto.commit": False}
    )
    name = settings.topic_prefix + topic
    partitions = consumer.list_topics(name, timeout=10).topics[name].partitions
    said: dict[str, list[Said]] = defaultdict(list)
    for partition in partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=10)
        consumer.assign([TopicPartition(name, partition, low)])
        for message in consumer.consume(high - low, timeout=10) if high > low else []:
            headers = {key: value.decode() for key, value in message.headers() or ()}
            if headers["ce_community"] == community:
                event = (headers["ce_type"], int(headers["ce_sequence"]), json.loads(message.value() or b""))
                said[(message.key() or b"").decode()].append(event)
    consumer.close()
    return said


async def published(town: Town) -> None:
    """Wait until the outbox is empty."""
    for _ in range(200):
        if not await town.system.fetchval("SELECT count(*) FROM outbox"):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the outbox did not drain")


def short(events: list[Said]) -> list[tuple[str, int]]:
    return [
        (kind.removeprefix("linli.issues.").removesuffix(".v1"), sequence) for kind, sequence, _ in events
    ]


async def test_the_register_speaks_on_its_own_topic(town: Town, module_kafka_settings: KafkaSettings) -> None:
    compound = await town.place("compound", town.id, "HY")
    building = await town.place("building", compound, "HY-1")
    unit = await town.place("unit", building, "门牌501", floor_area_cm2=500000)
    body = {"code": "H1", "unit": str(unit), "persons": ["p1"]}
    household = (await town.ask("POST", "/households", body=body)).json()["id"]
    await town.ask("DELETE", f"/households/{household}", if_match=1)
    grant = (await town.ask("POST", "/roles", body={"person": "gu", "role": "guard"})).json()["id"]
    await town.ask("DELETE", f"/roles/{grant}", if_match=1)
    await town.ask("DELETE", f"/places/{unit}", if_match=1)
    await published(town)
    said = await asyncio.to_thread(read_all, module_kafka_settings, "linli.register", str(town.id))
    assert short(said[str(town.id)]) == [("place-registered", 1)]
    assert short(said[str(unit)]) == [("place-registered", 1), ("place-closed", 2)]
    assert short(said[household]) == [("household-registered", 1), ("household-ended", 2)]
    assert short(said[grant]) == [("role-granted", 1), ("role-revoked", 2)]
    first = said[str(unit)][0][2]
    assert (first["parent"], first["floor_area_cm2"], first["name"], first["code"]) == (
        str(building),
        500000,
        None,
        None,
    )
    assert "门牌" not in json.dumps(said, ensure_ascii=False)


def test_whoever_has_a_case_or_had_it_sees_all_that_happens_to_it() -> None:
    guards, nobody = frozenset({Role.guard}), frozenset[Role]()
    others: dict[str, Any] = {
        "reporter": None,
        "followers": (),
        "told": Assignee(person="t"),
        "was_assigned_to": None,
    }
    mine = {"assignee": Assignee(role="guard")}
    seen = {fact for fact in WATCH if "assignee" in fact.model_fields} - {IssueRated}
    assert len(seen) == 14
    for fact in seen:
        assert WATCH[fact].admits("gu", guards, fact.model_construct(**others | mine)), fact
        assert not WATCH[fact].admits("gu", nobody, fact.model_construct(**others | mine)), fact
        of_volunteers: dict[str, Any] = {"assignee": Assignee(volunteers=True, place=new_id())}
        fact_of_theirs = fact.model_construct(**others | of_volunteers)
        assert not WATCH[fact].admits("vera", frozenset({Role.volunteer}), fact_of_theirs), fact
    taken: dict[str, Any] = {"assignee": Assignee(person="x"), "was_assigned_to": Assignee(person="gu")}
    assert WATCH[IssueAssigned].admits("gu", nobody, IssueAssigned.model_construct(**others | taken))


@pytest.mark.parametrize("fact", [fact for fact, sight in WATCH.items() if sight.partly_concerned])
def test_who_follows_a_case_reads_of_nobody_in_it(fact: type[Any]) -> None:
    names = ("rita", "fred", "fay", "hal", "tom", "rex")
    said: dict[str, Any] = {
        "reporter": "rita",
        "followers": ("fred", "fay"),
        "assignee": Assignee(person="hal"),
        "told": Assignee(person="tom"),
        "was_assigned_to": Assignee(person="tom"),
        "resolver": "rex",
    }
    known = {name: said[name] for name in said if name in fact.model_fields}
    data = fact.model_construct(case=new_id(), **known)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    event = Event(new_id(), "/linli/issues", now, new_id(), 3, data)
    sight = WATCH[fact]

    def written(person: str, *roles: Role) -> bytes:
        assert sight.admits(person, frozenset(roles), data)
        return _cloud_event(event, sight.hides(person, frozenset(roles), data))

    assert not [name for name in names if f'"{name}"'.encode() in written("fred", Role.resident)]
    for person, roles in (("hal", ()), ("rita", ()), ("olive", (Role.operator,))):
        assert b'"rita"' in written(person, *roles)
        assert b'"fay"' in written(person, *roles)
    assert not sight.admits("eve", frozenset({Role.resident}), data)


def report_in(town: Town, **more: Any) -> Report:
    given: dict[str, Any] = {
        "id": new_id(),
        "community": town.id,
        "category": "fire-lane",
        "place": None,
        "latitude": None,
        "longitude": None,
        "reporter": "rita",
        "filed_by": "rita",
        "description": "x",
        "reported_at": town.running.context.clock.now(),
        "device_reported_at": None,
        "traceparent": None,
    }
    return Report(**given | more)


async def test_a_flush_whose_answer_was_lost_can_be_repeated(
    town: Town, module_kafka_settings: KafkaSettings
) -> None:
    await town.category("noise", screened=True)
    reports = [report_in(town), report_in(town, category="none"), report_in(town, category="noise")]
    writer = report_writer(town.running.context.works, Routings())
    writing = asyncio.create_task(writer.run())
    answers = []
    for meanwhile in ([], [report_in(town)]):
        reports += meanwhile
        answers.append(await asyncio.gather(*map(writer.submit, reports), return_exceptions=True))
    writing.cancel()
    first, second = answers
    assert isinstance(first[1], Invalid)
    assert isinstance(first[0], StoredAnswer)
    assert (first[0], first[2]) == (second[0], second[2])
    assert isinstance(second[3], StoredAnswer)
    await published(town)
    said = await asyncio.to_thread(read_all, module_kafka_settings, "linli.issues", str(town.id))
    assert said.keys() == {str(reports[number].id) for number in (0, 2, 3)}
    for number in (0, 3):
        assert short(said[str(reports[number].id)]) == [("issue-reported", 1), ("issue-assigned", 2)]
    assert short(said[str(reports[2].id)]) == [("issue-reported", 1)]
    told = [said[str(reports[number].id)][0][2]["told"] for number in (0, 2)]
    assert told == [None, {"person": None, "role": "operator", "place": str(town.id), "volunteers": False}]
    # Who looks is asked anew when somebody becomes the first dispatcher.
    routings = town.running.app.state.routings
    for role in ("operator", "dispatcher"):
        async with town.running.context.works.for_system("test") as work:
            await report_issues(work, [report_in(town, category="noise")], routings)
            ((*_, records),) = work.outgoing
        ((_, fact),) = unpack_records(records)
        assert json.loads(fact)["told"]["role"] == role
        await town.ask("POST", "/roles", body={"person": "dora", "role": "dispatcher"})


async def test_a_rule_changed_behind_what_is_kept_decides_the_next_flush(town: Town) -> None:
    works, routings = town.running.context.works, Routings()
    reports = [report_in(town, key=Key("rita", "stale", b"the same request")), report_in(town)]
    async with works.for_system("test") as work:
        assert await routings.current(work.connection, [town.id])
    await town.rule("vans", {"person": "vera"}, category="fire-lane")
    await town.category("noise")
    async with works.for_system("test") as work:
        answers = await report_issues(work, [*reports, report_in(town, category="noise")], routings)
    bodies = [json.loads(answer.body) for answer in answers if isinstance(answer, StoredAnswer)]
    assert [body["assignee"]["person"] for body in bodies] == ["vera", "vera", None]
    stored = "SELECT count(*) FROM cases WHERE community_id = $1"
    taken = "SELECT count(*) FROM idempotency_keys WHERE community_id = $1 AND key = 'stale'"
    assert [await town.system.fetchval(query, town.id) for query in (stored, taken)] == [3, 1]


async def test_what_is_read_of_a_routing_is_of_one_version(town: Town) -> None:
    works, routings = town.running.context.works, Routings()
    async with works.for_system("test") as work:
        before = (await routings.current(work.connection, [town.id]))[town.id].routing.version

    async def read() -> CurrentRouting:
        async with works.for_system("test") as work:
            return (await Routings().current(work.connection, [town.id]))[town.id]

    async with works.for_system("test") as work:
        await touch_routing(work.connection, town.id)
        reading = asyncio.create_task(read())
        await wait_until_blocked(town, "FOR SHARE")
        rule = Rule("vans", "fire-lane", None, -1, 10, Target(person="vera"))
        await put_rule(work.connection, town.id, rule)
    found = (await reading).routing
    assert (found.version, found.choose("fire-lane", (town.id,))[1]) == (before + 1, "vans")


async def wait_until_blocked(town: Town, query: str) -> None:
    """Wait until a statement with these words waits for somebody else's lock."""
    waiting = "SELECT true FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
    for _ in range(200):
        if await town.system.fetchval(waiting, f"%{query}%"):
            return
        await asyncio.sleep(0.01)
    pytest.fail("nothing waits")


async def test_where_policies_bind_the_role_reports_are_stored_one_by_one(
    town: Town, servers: Servers
) -> None:
    role = f"bound_{new_id().hex}"
    settings = town.running.context.settings
    bound = settings.database_system_url.replace("linli_system:linli_system", f"{role}:{role}")
    superuser = await asyncpg.connect(servers.superuser_url)
    await superuser.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{role}' IN ROLE linli_system")
    try:
        async with Database.open(settings.database_url, bound) as database:
            works = Works(database, town.running.context.clock, outbox, "/linli/issues")
            with pytest.raises(asyncpg.FeatureNotSupportedError):
                async with works.for_system("test") as work:
                    await report_issues(work, [report_in(town), report_in(town)], Routings())
            writer = report_writer(works, Routings())
            writing = asyncio.create_task(writer.run())
            answers = await asyncio.gather(*(writer.submit(report_in(town)) for _ in range(3)))
            writing.cancel()
            await asyncio.wait({writing})
    finally:
        await superuser.execute(f"DROP ROLE {role}")
        await superuser.close()
    assert [answer.status for answer in answers] == [201] * 3
    assert await town.system.fetchval("SELECT count(*) FROM cases WHERE community_id = $1", town.id) == 3
