"""What notify is told of its providers, by what the environment gives."""

from pathlib import Path

import pytest

from deploy.embedded.databases import DatabaseUrls
from deploy.embedded.failures import StartFailed
from deploy.embedded.topology import External, Wiring, make_secrets
from services.notify.settings import receipt_keys_from

RECEIPTS = {"RECEIPT_KEYS": "theirs:secret", "CALLBACK_URL": "https://linli.example"}
PROVIDERS = {"SMS_PROVIDER_URL": "https://sms.example", "PUSH_PROVIDER_URL": "https://push.example"}


def wired(given: dict[str, str]) -> Wiring:
    ports = {"identity": 1, "notify": 2, "phones": 3}
    databases = {"notify": DatabaseUrls("postgresql://a", "postgresql://b", "postgresql://c")}
    return Wiring(Path("folder"), External(given), ports, "127.0.0.1:9", databases, make_secrets())


def test_simulated_phones_sign_receipts_that_notify_takes() -> None:
    for given in ({}, RECEIPTS):
        wiring = wired(given)
        notify, phones = wiring.service("notify"), wiring.simulator()
        known = receipt_keys_from(notify["RECEIPT_KEYS"])
        assert known[phones["RECEIPT_KEY_ID"]] == phones["RECEIPT_SECRET"]
        assert notify["CALLBACK_URL"] == wiring.url("notify")
        assert notify["SMS_PROVIDER_URL"] == notify["PUSH_PROVIDER_URL"] == wiring.url("phones")
        assert notify["SMS_PROVIDER_KEY"] == phones["PHONES_KEY"]


def test_real_providers_bring_their_own_keys_and_address() -> None:
    given = PROVIDERS | RECEIPTS | {"SMS_PROVIDER_KEY": "sms", "PUSH_PROVIDER_KEY": "push"}
    assert given.items() <= wired(given).service("notify").items()


def test_the_key_of_numbers_is_the_given_one_with_any_phones() -> None:
    for given in ({}, PROVIDERS):
        assert wired(given | {"PHONE_KEYS": "k1:AAAA"}).service("notify")["PHONE_KEYS"] == "k1:AAAA"


def test_half_a_database_is_refused_by_name() -> None:
    external = External({"ISSUES_DATABASE_URL": "postgresql://a/b"})
    with pytest.raises(StartFailed, match="ISSUES_DATABASE_SYSTEM_URL, ISSUES_DATABASE_OWNER_URL"):
        external.database("issues")
    assert external.database("notify") is None
    assert external.kafka == {}
