"""
`time` of an ESP32 on granted time. The epoch is 2000-01-01 as on the board's port, and
the clock starts there at every power-up until somebody sets it.

Ticks are virtual ms above 2**40: the machine's own ticks, which a C module might use, stay below.
"""

import board_channel as bench
import board_frames as frames
import utime as _host

_EPOCH_S = 946684800  # 2000-01-01 in the host's epoch
_OFFSET_MS = 1 << 40

# What the real-time clock shows, minus virtual time, in ms.
rtc_offset_ms = -bench.now_ms


_ticks_offset_ms = _OFFSET_MS


def _jump(payload):
    global rtc_offset_ms
    delta = int.from_bytes(payload, "big")
    rtc_offset_ms += delta - (1 << 64) if delta >> 63 else delta


# The counter behind ticks jumps, and the real-time clock with it: then nothing on the board shows it.
def _jump_all(payload):
    global _ticks_offset_ms
    delta = int.from_bytes(payload, "big")
    _ticks_offset_ms += delta - (1 << 64) if delta >> 63 else delta
    _jump(payload)


bench.takers[(frames.CLOCK_JUMP, 0)] = _jump
bench.takers[(frames.CLOCK_JUMP, 1)] = _jump_all

ticks_diff = _host.ticks_diff
ticks_add = _host.ticks_add


def set_rtc(seconds):
    global rtc_offset_ms
    rtc_offset_ms = seconds * 1000 - bench.now_ms


def ticks_ms():
    return _ticks_offset_ms + bench.now_ms


def ticks_us():
    return ticks_ms() * 1000


def ticks_cpu():
    return ticks_us()


def time():
    return (bench.now_ms + rtc_offset_ms) // 1000


def time_ns():
    return (bench.now_ms + rtc_offset_ms) * 1000000


def sleep_ms(duration_ms):
    bench.sleep_until(bench.now_ms + max(0, int(duration_ms)))


def sleep(duration_s):
    sleep_ms(duration_s * 1000)


# Less than a millisecond passes unseen.
def sleep_us(duration_us):
    sleep_ms(duration_us // 1000)


def gmtime(seconds=None):
    return _host.gmtime(_EPOCH_S + (time() if seconds is None else seconds))[:8]


localtime = gmtime


def mktime(fields):
    return _host.mktime(tuple(fields[:8]) + (0,)) - _EPOCH_S
