"""Receipts are signed, retried until confirmed, and survive the phones' own death."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from shared.security.signatures import verify
from tests.simulators.conftest import SECRET, MortalPhones, Phones, Sms

SECRETS = {"one": SECRET, "development": "development"}


@dataclass
class Sender:
    """The sender's receipt address: answers with `statuses` one after another, then 204."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    refuses: Callable[[dict[str, Any]], bool] = lambda _: False
    bodies: list[list[dict[str, Any]]] = field(default_factory=list)
    confirmed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.port}/receipts/sms"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        verify(headers, body, secrets=SECRETS)
        receipts = orjson.loads(body)["receipts"]
        self.bodies.append(receipts)
        if self.statuses:
            return self.statuses.pop(0)
        if any(map(self.refuses, receipts)):
            return 422
        self.confirmed += receipts
        return 204

    def wait(self, count: int, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while len(self.confirmed) < count:
            assert time.monotonic() < deadline, f"{len(self.confirmed)} of {count} receipts came"
            time.sleep(0.01)


@contextmanager
def listening(sender: Sender) -> Iterator[Sender]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name: value for name, value in self.headers.items()}  # noqa: C416 - Message is no dict
            self.send_response(sender.take({name.title(): value for name, value in headers.items()}, body))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keeps the test's output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", sender.port), Handler) as server:
        sender.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield sender
        finally:
            server.shutdown()
            thread.join()


def test_a_receipt_names_token_and_provider_id_and_is_signed(phones: Phones, sms: Sms) -> None:
    with listening(Sender()) as sender:
        (result,) = phones.results(sms(callback=sender.callback))
        sender.wait(1)
        (receipt,) = sender.confirmed
        assert (receipt["token"], receipt["provider_id"]) == ("rung-1", result["provider_id"])
        assert (receipt["status"], receipt["code"]) == ("delivered", None)
        _until(lambda: phones.ledger()[0]["receipt"] == "delivered")


def test_a_repeated_token_gets_no_second_receipt(phones: Phones, sms: Sms) -> None:
    with listening(Sender()) as sender:
        for _ in range(5):
            phones.results(sms(callback=sender.callback))
        sender.wait(1)
        time.sleep(0.3)
        assert len(sender.confirmed) == 1


def test_a_receipt_is_retried_until_confirmed(phones: Phones, sms: Sms) -> None:
    with listening(Sender(statuses=[503, 500, 404])) as sender:
        phones.results(sms(callback=sender.callback))
        sender.wait(1)
        assert len(sender.bodies) == 4


def test_one_receipt_that_is_refused_does_not_hold_up_the_others(phones: Phones, sms: Sms) -> None:
    with listening(Sender(refuses=lambda receipt: receipt["token"] == "rung-13")) as sender:
        phones.results(*[sms(f"rung-{number}", callback=sender.callback) for number in range(40)])
        sender.wait(39)
        sender.refuses = lambda _: False
        sender.wait(40)
        assert len({receipt["token"] for receipt in sender.confirmed}) == 40


def test_faults_of_receipts(phones: Phones, sms: Sms) -> None:
    with listening(Sender()) as sender:
        phones.fault(mode="repeat-receipts", count=1)
        phones.results(sms("twice", callback=sender.callback))
        sender.wait(2)
        phones.fault(mode="fail-delivery", count=1)
        phones.results(sms("failed", callback=sender.callback))
        sender.wait(3)
        phones.fault(mode="delay-receipts", seconds=0.6, count=1)
        began = time.monotonic()
        phones.results(sms("late", callback=sender.callback))
        sender.wait(4)
        assert time.monotonic() - began >= 0.6
        assert [receipt["token"] for receipt in sender.confirmed] == ["twice", "twice", "failed", "late"]
        assert [receipt["status"] for receipt in sender.confirmed].count("failed") == 1


def test_unconfirmed_receipts_survive_kill_9(mortal_phones: MortalPhones, sms: Sms) -> None:
    with listening(Sender(statuses=[503] * 1000)) as sender:
        mortal_phones.results(*[sms(f"rung-{number}", callback=sender.callback) for number in range(30)])
        mortal_phones.kill()
        sender.statuses.clear()
        mortal_phones.start()
        sender.wait(30)
        _until(lambda: all(line["receipt"] for line in mortal_phones.ledger()))
        mortal_phones.kill()
        mortal_phones.start()
        time.sleep(0.5)
        assert len(sender.confirmed) == 30


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
