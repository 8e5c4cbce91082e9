"""A community of notify: a contact, a message to it, and a word of its own in the rulebook."""

from typing import cast

from services.notify.usecases.install_defaults import install_defaults
from services.notify.usecases.plan_messages import plan_messages
from shared.contracts import Assignee, Event
from shared.identifiers import new_id
from tests.notify.served import CANARY
from tests.notify.stage import assigned
from tests.worlds.recording import World


async def furnish(world: World) -> None:
    """Call every route once."""
    works = world.service.context.works
    room, rita = world.by("olive", "operator"), world.by("rita", "resident")
    async with works.for_system("test") as work:
        await install_defaults(work)
    await room.put("/contacts/rita", {"phone": CANARY})
    person = (await room.post("/contacts", {"phone": "13912345678"}))["person"]
    await room.post("/contacts/find", {"phone": CANARY})
    await room.post("/contacts/import", b"person,push_token\np,d\n", content_type="text/csv")
    await rita.get("/contacts/rita")
    await room.call("DELETE", f"/contacts/{person}", if_match='"1"')
    fact = assigned(new_id(), Assignee(person="rita"), None)
    now = works.clock.now()
    async with works.for_system("test") as work:
        await plan_messages(work, [Event(new_id(), "/linli/issues", now, world.community, 2, fact)])
    message = (await rita.get("/messages"))["items"][0]["id"]
    await rita.get(f"/messages/{message}")
    await rita.get(f"/messages/{message}/trace")
    for kind, part, name in (
        ("rules", "rule", "case-resolved"),
        ("templates", "template", "case-resolved"),
        ("vocabularies", "words", "role"),
    ):
        known = cast(dict[str, object], (await room.get(f"/{kind}/{name}"))[part])
        await room.get(f"/{kind}")
        await room.put(f"/{kind}/ours-alone", known)
        if kind != "vocabularies":
            await room.get(f"/{kind}/ours-alone/versions")
    await rita.get("/contacts/rita/preferences")
    await rita.put("/contacts/rita/preferences", {"categories": {"volunteering": {"told": False}}})
    customs = cast(dict[str, object], (await room.get("/preferences"))["preferences"])
    await room.put("/preferences", customs, if_match=await room.etag("/preferences"))
    await room.get("/preferences/versions")
