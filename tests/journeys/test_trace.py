"""One trace follows a fact from the request through Kafka to the provider, and explains itself."""

import secrets

from tests.fixtures.deployment import Deployment
from tests.fixtures.neighbourhood import Neighbour, Neighbourhood
from tests.fixtures.waiting import eventually


def test_the_requests_trace_reaches_the_phones_and_the_explanation(
    deployment: Deployment, here: Neighbourhood
) -> None:
    trace = secrets.token_hex(16)
    case = here.reported(here.resident, headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"})
    here.hears_all()
    published = [record for record in deployment.bus.records("linli.issues") if record.key == case.encode()]
    assert {record.type for record in published} == {
        "linli.issues.issue-reported.v1",
        "linli.issues.issue-assigned.v1",
    }
    assert {_trace_of(record.headers["ce_traceparent"].decode()) for record in published} == {trace}
    assert {_trace_of(line["traceparent"]) for line in here.ledger.lines(here.addresses)} == {trace}
    _assert_explained(here, here.resident, case, trace)


def _assert_explained(here: Neighbourhood, person: Neighbour, case: str, trace: str) -> None:
    listed = here.send(person, "GET", "notify", "/messages", params={"about": case}, status=200).json()
    message = listed["items"][0]["id"]

    def delivered() -> bool:
        told = here.send(person, "GET", "notify", f"/messages/{message}/trace", status=200).json()
        return bool(told["receipts"])

    eventually(delivered, 10, "the provider's receipt in the explanation")
    story = here.send(person, "GET", "notify", f"/messages/{message}/trace", status=200).json()
    assert story["trace_id"] == trace
    assert story["event"]["type"] == "linli.issues.issue-assigned.v1"
    assert (story["rule"]["name"], story["rule"]["origin"]) == ("case-handed-over", "default")
    assert [attempt["result"] for attempt in story["attempts"]] == ["accepted"]
    assert [receipt["status"] for receipt in story["receipts"]] == ["delivered"]
    assert story["why"][-1] == "It is delivered."
    assert len(listed["items"]) == 1  # of others' messages a resident sees none
    phones = here.ledger.lines([person.address])
    assert [line["provider_id"] for line in phones] == [story["attempts"][0]["provider_id"]]


def _trace_of(traceparent: str) -> str:
    return traceparent.split("-")[1]
