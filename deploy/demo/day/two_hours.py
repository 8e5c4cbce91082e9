"""Two hours: a car from outside stays too long; the guards hear, or whoever let it in."""

from datetime import timedelta

from deploy.demo.day.gate import install
from deploy.demo.day.stage import Stage, clock_of
from deploy.demo.loading import OPERATOR

TITLE = "Two hours (J3)"
COMPOUND, NAME = "YX", "映月新村"
GUARDS = ("guard-yx-1", "guard-yx-2")
FREE_MINUTES = 120
STRANGER, VISITOR = "浙A7F3K9", "沪B26Q81"


async def play(stage: Stage) -> None:
    """A stranger's car and a visitor's, on the same morning."""
    await _rule(stage)
    gates = await install(stage, COMPOUND, {"in": "entry", "out": "exit"})
    host = _host(stage)
    parking = stage.access.addresses.parking
    visit = {
        "compound": stage.places[COMPOUND],
        "plate": VISITOR,
        "contact": host,
        "valid_from": (stage.now() - timedelta(minutes=1)).isoformat(),
        "valid_until": (stage.now() + timedelta(seconds=2)).isoformat(),
    }
    await stage.asks(OPERATOR, "POST", f"{parking}/passes", json=visit)
    stage.say(f"    Two cars enter {NAME}: a stranger's, and one that resident {host} has let in")
    await gates["in"].reads(STRANGER, VISITOR)
    await stage.later(minutes=FREE_MINUTES, seconds=5)
    for gate in gates.values():
        await gate.reads()
    stage.say(f"    Both are still there after {FREE_MINUTES} minutes")
    await stage.rings("vehicle-overstayed", *GUARDS, host)
    await stage.later(minutes=12)
    await gates["out"].reads(STRANGER, VISITOR)
    at_gates = {"compound": stage.places[COMPOUND], "limit": 2}
    stays = await stage.asks(OPERATOR, "GET", f"{parking}/stays", params=at_gates)
    for stay in stays["items"]:
        stage.say(
            f"      {stay['plate']} stayed {clock_of(stay['entered_at'])} to {clock_of(stay['exited_at'])}"
        )


async def _rule(stage: Stage) -> None:
    """Put the two hours in force, once."""
    address = f"{stage.access.addresses.parking}/compounds/{stage.places[COMPOUND]}"
    shown = await stage.access.send(OPERATOR, "GET", address)
    wanted = {"access": "gated", "lateness_seconds": 0, "silent_seconds": 86_400}
    if not wanted.items() <= shown.json().items():
        match = {"if-match": shown.headers["etag"]}
        await stage.asks(OPERATOR, "PUT", address, json=wanted, headers=match)
    rules = await stage.asks(OPERATOR, "GET", f"{address}/rules")
    if not any(rule["free_minutes"] == FREE_MINUTES for rule in rules["items"]):
        rule = {"free_minutes": FREE_MINUTES, "effective_from": (stage.now() - timedelta(days=1)).isoformat()}
        await stage.asks(OPERATOR, "POST", f"{address}/rules", json=rule)


def _host(stage: Stage) -> str:
    """A resident of the compound, who reads Chinese and can be pushed to."""
    reached = {each.person for each in stage.town.contacts if each.language == "zh" and each.push_token}
    return next(
        person
        for household in stage.town.households
        if household.compound == COMPOUND
        for person in household.persons[: household.adults]
        if person in reached
    )
