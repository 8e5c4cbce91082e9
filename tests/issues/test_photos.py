"""Photos: cleaned, seen by whoever may see the case, demanded before a case is resolved, no orphans."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from services.issues.settings import IssuesSettings
from services.issues.store.photo_objects import PhotoObjects
from services.issues.usecases.sweep_photos import sweep_photos
from shared.errors import NotFound
from tests.issues.town import Town

pytestmark = pytest.mark.anyio


def photo(shade: int = 0, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (50, 30), (shade, 100, 100)).save(buffer, kind)
    return buffer.getvalue()


async def add(town: Town, case: UUID, data: bytes | AsyncIterator[bytes], **how: Any) -> httpx.Response:
    how = {"person": "rita", "roles": ("resident",), "headers": {"Content-Type": "image/png"}} | how
    return await town.ask(
        "POST", f"/cases/{case}/photos?kind={how.pop('kind', 'before')}", content=data, **how
    )


def objects_of(town: Town) -> PhotoObjects:
    settings = town.running.context.settings
    assert isinstance(settings, IssuesSettings)
    return PhotoObjects(settings.photos_url)


def files_of(town: Town) -> list[Path]:
    settings = town.running.context.settings
    assert isinstance(settings, IssuesSettings)
    return sorted(Path(settings.photos_url.removeprefix("file:")).glob(f"{town.id}/*"))


async def test_a_photo_is_cleaned_kept_once_and_seen_by_whoever_may_see_the_case(town: Town) -> None:
    case = await town.report()
    first = await add(town, case, photo(), key="k")
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["kind"], told["added_by"], told["width"], told["public"]) == ("before", "rita", 50, False)
    assert (await add(town, case, photo(), key="k")).json() == told
    assert (await add(town, case, photo())).json() == told, "without a key as well"
    assert await sent_as_form(town, case) == told["id"]
    seen = await town.ask("GET", first.headers["Location"], person="rita", roles=("resident",))
    assert (seen.status_code, seen.headers["Content-Type"]) == (200, "image/jpeg")
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(seen.content)) as image:
        assert (image.format, image.size) == ("JPEG", (50, 30))
    small = await town.ask("GET", first.headers["Location"] + "?size=small")
    assert small.status_code == 200
    for path in (first.headers["Location"], f"/cases/{case}/photos"):
        assert (await town.ask("GET", path, person="eve", roles=("resident",))).status_code == 404
    assert len((await town.get(f"/cases/{case}/photos"))["items"]) == 1
    assert len(files_of(town)) == 2
    assert (await add(town, case, photo(), person="eve")).status_code == 404
    address = f"/cases/{case}/photos/{told['id']}"
    for public in (True, True, False):
        assert (await town.ask("POST", f"{address}/publish", body={"public": public})).status_code == 200
    assert (await town.ask("POST", f"{address}/remove")).status_code == 200
    entries = (await town.get(f"/cases/{case}/history"))["items"][2:]
    assert [(entry["change"], entry["actor"]) for entry in entries] == [
        *(("photo-added", "rita"), ("photo-published", "olive")),
        *(("photo-hidden", "olive"), ("photo-removed", "olive")),
    ]
    assert {entry["detail"]["photo"] for entry in entries} == {told["id"]}


async def sent_as_form(town: Town, case: UUID) -> str:
    """Send the same photo as a form whose part lies about its name and type; give the photo's id."""
    headers = town.issuer.headers("rita", {town.id: ["resident"]})
    files = {"photo": ("virus.exe", photo(), "application/x-msdownload")}
    answer = await town.client.post(f"/cases/{case}/photos", files=files, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_what_is_no_photo_is_refused_and_leaves_nothing(town: Town) -> None:
    case = await town.report()
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    for data, headers, status in (
        (b"no photo", {"Content-Type": "image/png"}, 422),
        (photo()[:60], {"Content-Type": "image/png"}, 422),
        (b"", {"Content-Type": "image/png"}, 422),
        (photo(), {"Content-Type": "text/plain"}, 415),
        (b"--x\r\nbroken", broken, 422),
        (b"nothing of a form", broken, 400),
        (b"--x\r\n\r\n", {"Content-Type": "multipart/form-data"}, 400),
    ):
        answer = await add(town, case, data, headers=headers)
        assert (answer.status_code, data[:20]) == (status, data[:20]), answer.text

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(13):
            yield bytes(1024 * 1024)

    assert (await add(town, case, endless())).status_code == 413
    assert (await add(town, case, photo(), kind="sideways")).status_code == 422
    assert files_of(town) == []


async def test_a_category_demands_photos_before_a_case_is_resolved(town: Town) -> None:
    demand = {"kinds": ["before", "after"]}
    assert (await town.ask("PUT", "/photo-demands/fire-lane", body=demand)).status_code == 200
    assert (await town.ask("PUT", "/photo-demands/fire-lane", body=demand)).status_code == 428
    assert (await town.ask("PUT", "/photo-demands/unknown", body=demand)).status_code == 404
    assert (await town.get("/photo-demands/fire-lane"))["kinds"] == ["after", "before"]
    case = await town.report()
    shown = (await add(town, case, photo(1))).headers["Location"]
    assert (await add(town, case, photo(2), kind="after")).status_code == 403, "the reporter shows no repair"
    outcome = {"outcome": "towed"}
    lacking = await town.ask("POST", f"/cases/{case}/resolve", body=outcome)
    assert (lacking.status_code, lacking.json()["type"]) == (409, "urn:linli:problem:photos-missing")
    assert "after" in lacking.json()["detail"]
    assert (
        await add(town, case, photo(3), kind="after", person="olive", roles=("operator",))
    ).status_code == 201
    assert (await town.ask("POST", f"/cases/{case}/resolve", body=outcome)).status_code == 200
    rita: dict[str, Any] = {"person": "rita", "roles": ("resident",)}
    gone = await town.ask("POST", f"{shown}/remove", **rita)
    assert (gone.status_code, gone.json()["type"]) == (409, "urn:linli:problem:wrong-state")
    not_fixed = {"fixed": False}
    checked = await town.ask("POST", f"/cases/{case}/check", person="bea", body=not_fixed)
    assert checked.status_code == 200, checked.text
    assert (await town.get(f"/cases/{case}"))["outcome"] is None, "what was done did not do"
    assert (await town.get(f"/cases/{case}/history"))["items"][-2]["note"] == "towed"
    assert (await town.ask("POST", f"{shown}/remove", **rita)).status_code == 200
    again = await town.ask("POST", f"/cases/{case}/resolve", body=outcome)
    assert again.status_code == 409, "what was shown before it was found not to be fixed shows nothing"


async def test_what_was_removed_or_broken_off_is_swept(town: Town) -> None:
    case = await town.report()
    kept, removed = [(await add(town, case, photo(shade))).json()["id"] for shade in (1, 2)]
    address = f"/cases/{case}/photos/{removed}"
    assert (await town.ask("POST", f"{address}/remove", person="bob", roles=("guard",))).status_code == 404
    assert (
        await town.ask("POST", f"{address}/remove", person="rita", roles=("resident",))
    ).status_code == 200
    assert (await town.ask("GET", address)).status_code == 404
    objects, works = objects_of(town), town.running.context.works
    broken_off = (await add(town, case, photo(3))).json()["id"]
    await town.system.execute(
        """
        UPDATE case_photos SET attached = false, written_at = now() - interval '25 hours' WHERE id = $1
        """,
        UUID(broken_off),
    )
    assert len(files_of(town)) == 6
    while await sweep_photos(works, objects):
        pass
    assert {path.name[:36] for path in files_of(town)} == {kept}
    rows = await town.system.fetch("SELECT id, removed_by FROM case_photos WHERE case_id = $1", case)
    assert {(str(row["id"]), row["removed_by"]) for row in rows} == {(kept, None), (removed, "rita")}
    with pytest.raises(NotFound):
        await objects.get(town.id, UUID(removed), "full")
