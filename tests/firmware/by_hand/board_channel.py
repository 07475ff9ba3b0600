# ruff: noqa: PLW0603 - a module stands for the one board
"""
The board's end of the control channel, led by hand: in place of hil/board/board_channel.py, for
scripts that run a whole device in their own process. Who plays the bench sets `world`; time moves when
the board has nothing left to do.
"""

NEVER_MS = (1 << 62) - 1

now_ms = 0
mac = b"\x02METER"
reset_cause = 1
takers = {}
watchdog_ms = NEVER_MS
timers = []
world = None  # take(kind, argument, payload), answer(kind, argument, payload) -> bytes, look() at every step of time

_agenda = []  # (when_ms, number, action), in this order


class Restart(BaseException):
    """The board resets itself."""


class Over(BaseException):
    """Enough was seen of this life."""


def begin(at_ms):
    """Power on."""
    global now_ms, watchdog_ms
    now_ms, watchdog_ms = at_ms, NEVER_MS
    _agenda.clear()
    timers.clear()


def at(when_ms, action):
    """Calls `action()` then, if the board is still on."""
    place = len(_agenda)
    while place and _agenda[place - 1][0] > when_ms:
        place -= 1
    _agenda.insert(place, (when_ms, action))


def hand(kind, argument, payload):
    taker = takers.get((kind, argument))
    if taker:
        taker(payload)


def emit(kind, argument, payload=b""):
    if world:
        world.take(kind, argument, bytes(payload))


def call(kind, argument, payload=b""):
    return world.answer(kind, argument, bytes(payload))


def idle(until_ms):
    global now_ms
    if watchdog_ms <= now_ms:
        raise Restart("watchdog")
    due = [until_ms, watchdog_ms] + [timer.due_ms for timer in timers] + [one[0] for one in _agenda[:1]]
    now_ms = max(now_ms, min(due))
    world.look()
    while _agenda and _agenda[0][0] <= now_ms:
        _agenda.pop(0)[1]()
    for timer in list(timers):
        while timer in timers and timer.due_ms <= now_ms:
            timer.fire()


def sleep_until(until_ms):
    while now_ms < until_ms:
        idle(until_ms)


def restart(cause, delay_ms):
    raise Restart(cause)


def forget():
    pass
