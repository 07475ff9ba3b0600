"""
What goes over ESP-NOW fits its 250 bytes, whatever the fields hold; what a message's own
limit lets in, its greatest message never passes.
"""

import pytest

from tests.wire.kinds import KINDS
from wire import message, reading

ESP_NOW = 250
# kind: the greatest signed message in bytes. A reading here has one record; see below for the ones with more.
GREATEST = {
    "reading": 198,
    "acknowledgement": 250,
    "command": 148,
    "receipt": 158,
    "time": 107,
    "load": 129,
    "event": 134,
    "headroom": 124,
    "firmware": 205,
    "rotation": 208,
    "key_notice": 142,
}


def greatest(kind, items=None):
    """A value of the type that takes the most bytes. items: how many a listing has, when not its most."""
    what = kind[0]
    if what == "integer":
        return kind[1] if -1 - kind[1] > kind[2] or kind[1] < -kind[2] else kind[2]
    if what == "octets":
        return b"\xff" * kind[2]
    if what == "record":
        return [greatest(field) for _, field in kind[1].fields]
    return [greatest(kind[3])] * (items or kind[2])


def signed_size(name, items=None) -> int:
    number, layout, _ = KINDS[name]
    fields = [greatest(kind, items) for _, kind in layout.fields]
    return len(message.seal(number, layout, fields, bytes(8), bytes(8), lambda _: bytes(64)))


@pytest.mark.parametrize(("name", "size"), GREATEST.items())
def test_it_fits_a_radio_frame(name, size):
    assert signed_size(name, items=1 if name == "reading" else None) == size <= ESP_NOW


def test_no_more_than_one_record_is_sure_to_fit():
    assert signed_size("reading", items=2) > reading.FRAME_MAX == ESP_NOW


# Bundles and blocks are bounded by their bytes, before all their items are at their greatest.
@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"bundle", "block", "evidence"}))
def test_its_greatest_message_is_let_in(name):
    assert signed_size(name) <= KINDS[name][2]
