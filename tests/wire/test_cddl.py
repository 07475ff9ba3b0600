"""
docs/wire.cddl says what the code says: every message field by field with its limits,
every kind, every code. The CDDL is read here by its own simple layout, one field a line.
"""

import re

import pytest

from tests.wire.interpreter import ROOT
from tests.wire.kinds import KINDS
from wire import block, command, contract, energy_type, event, offer, proof, reading, receipt, registration, revocation

SOURCE = (ROOT / "docs" / "wire.cddl").read_text()
TEXT = re.sub(r";.*", "", SOURCE)
ARRAYS = dict(re.findall(r"^([\w-]+) = \[\n(.*?)^\]", TEXT, re.M | re.S))
CODES = dict(re.findall(r"^([\w-]+) = &\(\n(.*?)^\)", TEXT, re.M | re.S))
SIMPLE = dict(re.findall(r"^([\w-]+) = ([^\[&#{\n]+?) *$", TEXT, re.M))
MESSAGES = {
    name: (kind, rule) for name, kind, rule in re.findall(r"^([\w-]+)-message = signed<(\d+), ([\w-]+)>$", TEXT, re.M)
}


def type_of(said: str):
    """A type of wire/schema.py from its CDDL."""
    if said in ARRAYS:
        return ("record", fields_of(said))
    said = SIMPLE.get(said, said)
    if said in SIMPLE:
        return type_of(said)
    if numbers := re.fullmatch(r"(-?\d+)\.\.(-?\d+)", said):
        return ("integer", int(numbers[1]), int(numbers[2]))
    if sizes := re.fullmatch(r"bstr \.size \(?(\d+)(?:\.\.(\d+)\))?", said):
        return ("octets", int(sizes[1]), int(sizes[2] or sizes[1]))
    listing = re.fullmatch(r"\[(\d+)\*(\d+) ([\w-]+)\]", said)
    assert listing, said
    return ("listing", int(listing[1]), int(listing[2]), type_of(listing[3]))


def fields_of(rule: str) -> list:
    lines = [line.strip().rstrip(",") for line in ARRAYS[rule].splitlines() if line.strip()]
    return [(name, type_of(said.strip())) for name, said in (line.split(":", 1) for line in lines)]


def plainly(kind):
    """A type of wire/schema.py with its layouts written out."""
    if kind[0] == "record":
        return ("record", [(name, plainly(field)) for name, field in kind[1].fields])
    return (*kind[:3], plainly(kind[3])) if kind[0] == "listing" else tuple(kind)


def rule_of(kind: str) -> str:
    return "signed-time" if kind == "time" else kind.replace("_", "-")


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_of(kind):
    number, layout, _ = KINDS[kind]
    assert ("record", fields_of(rule_of(kind))) == plainly(("record", layout))
    assert MESSAGES[kind.replace("_", "-")] == (str(number), rule_of(kind))


@pytest.mark.parametrize(("rule", "layout"), [("proof", proof.LAYOUT), ("ask", proof.ASK_LAYOUT)])
def test_the_fields_of_what_is_not_signed(rule, layout):
    assert ("record", fields_of(rule)) == plainly(("record", layout))


def test_no_message_but_these():
    assert MESSAGES.keys() == {kind.replace("_", "-") for kind in KINDS}
    alternatives = re.search(r"^message = (.*?)\n\n", TEXT, re.M | re.S)
    assert {name.strip() for name in alternatives[1].split("/")} == {name + "-message" for name in MESSAGES}


@pytest.mark.parametrize("kind", contract.TERMS)
def test_the_terms_of_a_contract(kind):
    rule = codes("contract-kind-code")[kind] + "-terms"
    assert tuple(name.removeprefix("? ") for name, _ in fields_of(rule)) == contract.TERMS[kind]


def codes(rule: str) -> dict[int, str]:
    return {int(number): name for name, number in re.findall(r"(\w+): (\d+)", CODES[rule])}


def named(module, *names: str) -> dict[int, str]:
    return {getattr(module, name.upper()): name for name in names}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "record-flag",
            named(
                reading,
                "has_heater",
                "has_battery",
                "time_uncertain",
                "chip_silent",
                "after_boot",
                "voltage_unmeasured",
            ),
        ),
        ("action-code", named(command, "relay", "battery_power", "breaker", "rotate_key")),
        ("outcome-code", named(receipt, "obeyed", "refused")),
        ("receipt-reason-code", dict(enumerate(receipt.REASONS))),
        ("decision-reason-code", dict(enumerate(block.REASONS))),
        ("event-code", dict(enumerate(event.CODES))),
        ("energy-type-code", dict(enumerate(energy_type.NAMES))),
        ("contract-kind-code", named(contract, "supply", "deferrable", "battery")),
        ("revocation-reason-code", dict(enumerate(revocation.REASONS))),
        ("direction-code", dict(enumerate(offer.DIRECTIONS))),
        ("role-code", named(registration, "user", "meter", "mlmd", "aggregator", "cloud")),
    ],
)
def test_the_codes_of(rule, expected):
    assert codes(rule) == expected


def test_no_codes_but_these():
    assert len(CODES) == 11


# The heading of each message: "; ---- 65001 Reading: ... At most 8192 bytes ... ----".
@pytest.mark.parametrize("kind", KINDS)
def test_the_greatest_size_is_told(kind):
    number, _, size_max = KINDS[kind]
    heading = re.search(rf"^; ---- .*\b{number} .*At most (\d+) bytes", SOURCE, re.M)
    assert heading[1] == str(size_max)
