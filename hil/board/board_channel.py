"""
The board's end of the control channel. Every emulated module asks here what time it
is, hands out what leaves the board, and takes in what reaches it.

The board runs only between a batch from the bench and its own IDLE, so whatever it
does in between happens at one instant.
"""

import sys

import board_frames as frames

now_ms = 0
mac = b"\0\0\0\0\0\0"
reset_cause = 1
# (kind, argument) -> function(payload), filled by the modules that take items in.
takers = {}
# Deadline of the watchdog in virtual ms, and what to do when nobody fed it.
watchdog_ms = frames.NEVER_MS

# The timers (machine.Timer) that run.
timers = []

_channel = None
_out = bytearray()
_seen = 0


# The first batch tells the time; no item can reach a board that has not booted.
def open_channel(descriptor, address):
    global _channel, mac
    _channel = open(descriptor, "r+b")  # noqa: SIM115
    mac = address
    _take_batch()


def emit(kind, argument, payload=b""):
    _out.extend(frames.item(kind, argument, payload))


# Without a bench (making images) nobody hears what was emitted.
def forget():
    _out[:] = b""


def call(kind, argument, payload=b""):
    emit(kind, argument, payload)
    _flush()
    return _read_batch()[1]


# Nothing is left to do before `until_ms` (virtual) unless something arrives.
def idle(until_ms):
    if watchdog_ms <= now_ms:
        restart(3, 0)  # machine.WDT_RESET
    _out.extend(frames.idle(min(until_ms, watchdog_ms, *[timer.due_ms for timer in timers]), _seen))
    _flush()
    _take_batch()
    for timer in list(timers):
        while timer in timers and timer.due_ms <= now_ms:
            timer.fire()


def sleep_until(until_ms):
    while now_ms < until_ms:
        idle(until_ms)


# The bench takes the process away; it never returns from here.
def restart(cause, delay_ms):
    emit(frames.RESET, cause, delay_ms.to_bytes(8, "big"))
    halt()


def halt():
    _flush()
    while True:
        _read_batch()


# No room is kept for the next: a board's is its C's.
def _flush():
    global _out
    if _out:
        _channel.write(_out)
        _out = bytearray()


def _read_batch():
    head = _channel.read(frames.BATCH_SIZE)
    if len(head) < frames.BATCH_SIZE:
        sys.exit(0)  # the bench is gone
    length, now = frames.batch_head(head)
    return now, _channel.read(length) if length else b""


def _take_batch():
    global now_ms, _seen
    now_ms, items = _read_batch()
    _seen += 1
    at = 0
    while at < len(items):
        kind, argument, length = frames.item_head(items, at)
        at += frames.ITEM_SIZE
        taker = takers.get((kind, argument))
        if taker:
            taker(items[at : at + length])
        at += length
