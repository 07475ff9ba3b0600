"""The button against a contact that bounces."""

import random

from drivers.button import HELD, PRESSED, RELEASED, Button

STEP_MS = 5


class Pin:
    def __init__(self, level=1):
        self.level = level

    def value(self):
        return self.level


# The events of a story of (milliseconds, level), each with its time.
def events(story, pin=None, start_ms=0x3FFFFFFF - 200):
    pin = pin or Pin()
    button = Button(pin, start_ms)
    happened = []
    elapsed_ms = 0
    for for_ms, level in story:
        pin.level = level
        for _ in range(for_ms // STEP_MS):
            elapsed_ms += STEP_MS
            event = button.step((start_ms + elapsed_ms) & 0x3FFFFFFF)
            if event:
                happened.append((elapsed_ms, event))
    return happened


def test_stories():
    table = (
        ("nothing", [(10_000, 1)], []),
        ("a press", [(100, 1), (200, 0), (200, 1)], [(135, PRESSED), (335, RELEASED)]),
        ("a press shorter than its bounce time", [(100, 1), (25, 0), (1_000, 1)], []),
        ("a bounce before it", [(100, 1), (5, 0), (5, 1), (200, 0), (100, 1)], [(145, PRESSED), (345, RELEASED)]),
        ("a bounce while held", [(100, 1), (100, 0), (10, 1), (100, 0), (100, 1)], [(135, PRESSED), (345, RELEASED)]),
        ("held", [(100, 1), (5_000, 0), (100, 1)], [(135, PRESSED), (3_135, HELD), (5_135, RELEASED)]),
        ("held for hours is held once", [(3_600_000, 0)], [(35, PRESSED), (3_035, HELD)]),
    )
    for what, story, expected in table:
        assert events(story) == expected, what


def test_what_is_pressed_at_start_is_a_position_and_no_press():
    assert events([(1_000, 0), (100, 1)], Pin(0)) == [(1_035, RELEASED)]
    assert Button(Pin(0), 0).is_pressed


def test_a_switch_left_where_it_is_at_start_is_held_in_the_end():
    assert events([(5_000, 0)], Pin(0)) == [(3_000, HELD)]


def test_bounces_never_count_twice():
    seed = random.randrange(1 << 30)
    print("seed", seed)
    random.seed(seed)
    story = []
    for _ in range(200):
        for level in (0, 1):
            story += [(STEP_MS * random.randrange(1, 4), random.randrange(2)) for _ in range(random.randrange(6))]
            story.append((100 + STEP_MS * random.randrange(20), level))
    happened = [event for _, event in events(story)]
    assert happened == [PRESSED, RELEASED] * 200
