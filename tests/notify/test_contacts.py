"""Contacts over HTTP: made, changed, found and erased, and no clear number anywhere."""

import asyncio
import io
from contextlib import redirect_stdout
from uuid import UUID, uuid4

import pytest

from tests.notify.served import CANARY, Api

pytestmark = pytest.mark.anyio


async def test_a_contact_is_made_changed_and_erased_and_never_shows_its_number(api: Api) -> None:
    operator = api.of("op", "operator")
    made = await api.http.post("/contacts", json={"phone": "138 1234 5678"}, headers=operator)
    assert made.status_code == 201, made.text
    person = made.json()["person"]
    assert UUID(person).version == 7
    assert made.json()["phone"] == "+86*******5678"
    assert made.headers["location"] == f"/contacts/{person}"
    shown = await api.http.get(f"/contacts/{person}", headers=operator)
    assert CANARY not in shown.text
    without = await api.http.put(f"/contacts/{person}", json={"language": "en"}, headers=operator)
    assert without.status_code == 428
    changed = await api.http.put(
        f"/contacts/{person}",
        json={"language": "en"},
        headers={**operator, "If-Match": shown.headers["etag"]},
    )
    assert (changed.json()["language"], changed.json()["phone"]) == ("en", "+86*******5678")
    stale = await api.http.put(
        f"/contacts/{person}", json={"phone": None}, headers={**operator, "If-Match": shown.headers["etag"]}
    )
    assert stale.status_code == 412
    removed = await api.http.put(
        f"/contacts/{person}", json={"phone": None}, headers={**operator, "If-Match": changed.headers["etag"]}
    )
    assert removed.json()["phone"] is None
    erased = await api.http.delete(
        f"/contacts/{person}", headers={**operator, "If-Match": removed.headers["etag"]}
    )
    assert erased.status_code == 204
    assert (await api.http.get(f"/contacts/{person}", headers=operator)).status_code == 404


async def test_people_keep_their_own_contact_and_see_no_other(api: Api) -> None:
    mine = api.of("me", "resident")
    assert (await api.http.put("/contacts/me", json={"push_token": "d-1"}, headers=mine)).status_code == 200
    assert (await api.http.get("/contacts/me", headers=mine)).json()["has_push"] is True
    for method, body in (("GET", None), ("PUT", {"language": "en"})):
        refused = await api.http.request(method, "/contacts/other", json=body, headers=mine)
        assert refused.status_code == 403, refused.text
    street = api.of("me", "street")
    assert (await api.http.get("/contacts/other", headers=street)).status_code == 403
    assert (await api.http.post("/contacts", json={}, headers=mine)).status_code == 403


async def test_a_number_is_found_by_its_hash_in_any_writing(api: Api) -> None:
    operator = api.of("op", "operator")
    await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator)
    found = await api.http.post("/contacts/find", json={"phone": "+86 138-1234-5678"}, headers=operator)
    assert [each["person"] for each in found.json()["contacts"]] == ["p-1"]
    elsewhere = api.of("op", "operator", community=uuid4())
    assert (await api.http.post("/contacts/find", json={"phone": CANARY}, headers=elsewhere)).json() == {
        "contacts": []
    }


async def test_an_import_stores_all_rows_or_none_and_names_mistakes_without_values(api: Api) -> None:
    operator = {**api.of("op", "operator"), "Content-Type": "text/csv"}
    wrong = f"person,phone,language\na,{CANARY},zh\nb,12345,fr\na,{CANARY},zh\nc,,\n"
    refused = await api.http.post("/contacts/import", content=wrong, headers=operator)
    assert refused.status_code == 422
    named = {(each["row"], each["column"]) for each in refused.json()["errors"]}
    assert named == {(3, "phone"), (3, "language"), (4, "person"), (5, "phone")}
    assert "12345" not in refused.text
    assert (await api.http.get("/contacts/a", headers=operator)).status_code == 404
    right = f"person,phone,push_token,language\na,{CANARY},d-1,zh\n,{CANARY},,en\n"
    headers = {**operator, "Idempotency-Key": "once"}
    stored = await api.http.post("/contacts/import", content=right, headers=headers)
    assert stored.json()["stored"] == 2
    (made,) = stored.json()["made"]
    assert made["row"] == 3
    again = await api.http.post("/contacts/import", content=right, headers=headers)
    assert again.json() == stored.json()
    assert (await api.http.get(f"/contacts/{made['person']}", headers=operator)).json()["language"] == "en"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (f'person,phone\na,{CANARY}\nb,"{CANARY}\nc,{CANARY}\n', 3),
        (f'person,phone\na,"{CANARY}"7\n', 2),
        (f"person,phone\na,{CANARY}\nb,{'1' * 140_000}\n", 3),
        (f'person,"phone\na,{CANARY}\n', 1),
        (f"person,phone\na,{CANARY}\rb\n", 3),
    ],
)
async def test_a_file_that_is_no_csv_is_refused_by_its_row(api: Api, content: str, row: int) -> None:
    operator = {**api.of("op", "operator"), "Content-Type": "text/csv"}
    refused = await api.http.post("/contacts/import", content=content, headers=operator)
    assert refused.status_code == 422, refused.text
    assert {each["row"] for each in refused.json()["errors"]} == {row}
    assert CANARY not in refused.text
    assert (await api.http.get("/contacts/a", headers=operator)).status_code == 404


async def test_a_file_of_old_line_ends_is_read_as_any_other(api: Api) -> None:
    operator = {**api.of("op", "operator"), "Content-Type": "text/csv"}
    content = f'person,phone,language\ra,{CANARY},zh\rb,"{CANARY}",en\r'
    stored = await api.http.post("/contacts/import", content=content, headers=operator)
    assert (stored.status_code, stored.json()["stored"]) == (200, 2), stored.text


async def test_no_number_appears_in_answers_logs_events_or_rows(api: Api) -> None:
    written = io.StringIO()
    operator = api.of("op", "operator")
    with redirect_stdout(written):
        answers = [
            await api.http.put("/contacts/p-1", json={"phone": CANARY}, headers=operator),
            await api.http.put("/contacts/p-1", json={"phone": CANARY, "colour": CANARY}, headers=operator),
            await api.http.put("/contacts/p-2", json={"phone": f"{CANARY}{CANARY}"}, headers=operator),
            await api.http.post("/contacts/find", json={"phone": CANARY}, headers=operator),
            await api.http.post("/contacts/find", content=f'{{"phone": "{CANARY}"', headers=operator),
            await api.http.get("/contacts/p-1", headers=operator),
            await api.http.get("/metrics"),
        ]
        await api.plan("p-1")
        await asyncio.sleep(0.05)
    keyed = {**operator, "Idempotency-Key": "kept"}
    put = [await api.http.put("/contacts/p-3", json={"phone": CANARY}, headers=keyed) for _ in range(2)]
    assert [answer.json()["phone"] for answer in put] == [answers[5].json()["phone"], None]
    assert [answer.headers["etag"] for answer in put] == [put[0].headers["etag"]] * 2
    kept = await api.works.database.system.fetchval("SELECT convert_from(body, 'UTF8') FROM idempotency_keys")
    assert CANARY[-4:] not in kept
    assert not any(CANARY in text for text in (*(answer.text for answer in answers), written.getvalue()))
    tables = await api.works.database.system.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    for (table,) in tables:
        if table != "alembic_version":
            rows = await api.works.database.system.fetch(f"SELECT t::text FROM {table} t")
            assert not any(CANARY in row[0] for row in rows), table
