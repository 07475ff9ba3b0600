"""
Stories: one line, one transaction, and the status it ends with.

    register m3 meter owner=user-m1 area=area          APPLIED
    light_block area +0.1 m1:consumed_wh=500            APPLIED
    advance +1                                          APPLIED

Intervals count from the first one (`+0`); `+0.1` is an interval's second window. key=value after the positional words
overrides a field of the message.
"""

from typing import Any

from chain.status import Status
from tests.chain.world import START, World, window
from wire.contract import BATTERY, DEFERRABLE, SUPPLY

KINDS = {"supply": SUPPLY, "deferrable": DEFERRABLE, "battery": BATTERY}
TERMS = {
    SUPPLY: (400_000,),
    DEFERRABLE: (2000, 45_000, 65_000, 1, 1, 12, 900, 1050, 48, 0),
    BATTERY: (10_000, 3000, 3000, 100, 950, 900, 1100, 48, 0),
}


def check(world: World, story: str) -> World:
    """Play the story; every line must end as it says."""
    seen = []
    for line in story.strip().splitlines():
        text = line.split("#")[0].strip()
        if not text:
            continue
        *words, expected = text.split()
        seen.append((text, world.one(_transaction(world, words)).name, expected))
    assert [(text, status) for text, status, _ in seen] == [(text, expected) for text, _, expected in seen]
    return world


def statuses_in(story: str) -> set[Status]:
    return {Status[line.split("#")[0].split()[-1]] for line in story.strip().splitlines() if line.split("#")[0].strip()}


def _transaction(world: World, words: list[str]) -> bytes:
    verb, *rest = words
    positional = [word for word in rest if "=" not in word]
    named = dict(word.split("=") for word in rest if "=" in word and ":" not in word)
    entries = dict(_entry(word) for word in rest if "=" in word and ":" in word)
    return VERBS[verb](world, positional, named, entries)


def _entry(word: str) -> tuple[str, dict[str, int]]:
    name, fields = word.split(":")
    return name, {field: int(value) for field, value in (pair.split("=") for pair in fields.split(","))}


def _interval(word: str) -> int:
    return START + int(word.split(".", maxsplit=1)[0])


def _register(world: World, words: list[str], named: dict[str, str], _: Any) -> bytes:
    return world.registration(
        words[0], words[1], named.get("owner", "nobody"), named.get("area", "nobody"), int(named.get("energy", 0))
    )


def _contract(world: World, words: list[str], named: dict[str, str], _: Any) -> bytes:
    user, number, kind_name, device = words
    contract_kind = KINDS.get(kind_name) or int(kind_name)
    terms = list(TERMS.get(contract_kind, ()))
    for place, value in named.items():
        if place.isdigit():
            terms[int(place)] = int(value)
    if "terms" in named:
        terms = terms[: int(named["terms"])]
    preferred = [int(item) for item in named["prefer"].split(",")] if "prefer" in named else []
    return world.contract(user, int(number), contract_kind, device, terms, preferred)


def _light_block(world: World, words: list[str], named: dict[str, str], entries: dict[str, dict[str, int]]) -> bytes:
    half = int(words[1].split(".")[1]) if "." in words[1] else 0
    numbers = ("number", "part", "said_wh")
    changed: dict[str, Any] = {name: int(value) for name, value in named.items() if name in numbers}
    if "area" in named:
        changed["area_id"] = world.id(named["area"])
    if "previous" in named:
        changed["previous_hash"] = bytes.fromhex(named["previous"])
    start_s = window(_interval(words[1]), half) + int(named.get("shift", 0))
    return world.light_block(words[0], start_s, entries, **changed)


def _receipt(world: World, words: list[str], named: dict[str, str], _: Any) -> bytes:
    changed = {name: int(value) for name, value in named.items()}
    return world.receipt(words[0], int(words[1]), int(words[2]), **changed)


def _price(world: World, words: list[str], named: dict[str, str], _: Any) -> bytes:
    prices = [int(item) for item in named["prices"].split(",")] if "prices" in named else None
    return world.price(_interval(words[0]) if words else None, prices)


VERBS = {
    "register": _register,
    "contract": _contract,
    "close": lambda world, words, named, _: world.close(words[0], int(words[1])),
    "light_block": _light_block,
    "receipt": _receipt,
    "advance": lambda world, words, named, _: world.advance(_interval(words[0])),
    "settle": lambda world, words, named, _: world.settlement(_interval(words[0])),
    "price": _price,
}
