"""A connection cut when PostgreSQL has committed and issues does not know it yet."""

import uuid
from collections.abc import Callable

import httpx

from tests.fixtures.deployment import Deployment
from tests.fixtures.neighbourhood import Neighbourhood
from tests.fixtures.waiting import eventually

_COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"


def test_a_report_whose_commit_was_not_heard_is_one_case(deployment: Deployment, here: Neighbourhood) -> None:
    key = uuid.uuid4().hex
    cut = _cut_at_the_commit_of(key, deployment)
    first = here.report(here.resident, key=key)
    assert cut
    assert first.status_code == 201, first.text  # the batch writer has asked again itself
    again = _until_answered(lambda: here.report(here.resident, key=key))
    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json() == again.json()
    here.tell_of(again.json()["id"], here.resident)
    listed = here.send(here.operator, "GET", "issues", "/cases", status=200).json()["items"]
    assert [case["id"] for case in listed] == [again.json()["id"]]
    here.hears_all()


def test_a_resolution_whose_commit_was_not_heard_is_told_once(
    deployment: Deployment, here: Neighbourhood
) -> None:
    case, key = here.reported(here.resident), uuid.uuid4().hex
    here.hears_all()
    cut = _cut_at_the_commit_of(key, deployment)
    first = here.resolve(here.guard, case, key=key)
    assert cut
    assert first.status_code == 503
    assert first.json()["type"].endswith("outcome-unknown")
    assert int(first.headers["retry-after"]) >= 1
    again = _until_answered(lambda: here.resolve(here.guard, case, key=key))
    assert again.status_code == 200
    assert again.headers["idempotency-replayed"] == "true"
    here.told.append(here.resident.hears("case-resolved", case))
    here.told.append(here.operator.hears("case-to-check", case))
    here.hears_all()


def _cut_at_the_commit_of(key: str, deployment: Deployment) -> list[bytes]:
    """Cut all connections when the answer to the COMMIT that stores this key is on its way back.

    The list tells whether it was. Issues' schedule commits through the same proxy; it knows no key.
    """
    cut: list[bytes] = []

    def recognise(chunk: bytes) -> bool:
        if _COMMITTED not in chunk:
            return False
        cut.append(chunk)
        return True

    deployment.proxy.cut_when_answered(recognise, asked=key.encode())
    return cut


def _until_answered(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask with the same key for as long as the service says that it cannot answer now."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        answers.append(ask())
        return answers[-1].status_code != 503

    eventually(answered, 15, lambda: f"another answer than {answers[-1].text}")
    return answers[-1]
