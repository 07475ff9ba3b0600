"""LED patterns as a person sees them."""

from drivers import led
from drivers.led import Led

STEP_MS = 50


class Pin:
    def __init__(self):
        self.level = None

    def value(self, level):
        self.level = level


# The first milliseconds of a pattern: # is lit.
def picture(pattern, for_ms=3000, lit_at=1, start_ms=0x3FFFFFFF - 500):
    pin = Pin()
    light = Led(pin, lit_at)
    light.show(pattern, start_ms)
    shown = ""
    for at_ms in range(0, for_ms, STEP_MS):
        light.step((start_ms + at_ms) & 0x3FFFFFFF)
        shown += "#" if pin.level == lit_at else "."
    return shown


def test_pictures():
    table = (
        (led.OFF, "." * 60),
        (led.ON, "#" * 60),
        (led.WORKING, "#" + "." * 59),
        (led.NO_TIME, ("#" * 10 + "." * 10) * 3),
        (led.NO_NETWORK, ("##..##" + "." * 34 + "##..##" + "." * 34)[:60]),
        (led.TRIPPED, "##..##..##" + "." * 30 + "##..##..##" + "." * 10),
        (led.LOCKED_OUT, "#" * 30 + "." * 10 + "#" * 20),
        (led.FAULT, "##.." * 15),
        (led.UPDATING, "#" * 18 + ".." + "#" * 18 + ".." + "#" * 18 + ".."),
    )
    for pattern, expected in table:
        assert picture(pattern) == expected, pattern
    assert len({expected for _, expected in table}) == len(table)  # they can be told apart


def test_an_led_that_is_lit_at_zero():
    assert picture(led.FAULT, 400, lit_at=0) == "##..##.."


def test_dark_at_start():
    pin = Pin()
    Led(pin, lit_at=0)
    assert pin.level == 1


def test_showing_a_pattern_again_does_not_begin_it_again():
    pin = Pin()
    light = Led(pin)
    light.show(led.NO_TIME, 0)
    light.show(led.NO_TIME, 600)
    assert pin.level == 0
    light.show(led.ON, 600)
    assert pin.level == 1
    light.show(led.OFF, 600)
    assert pin.level == 0
