"""`machine` of an ESP32: pins, UART, ADC, timers, watchdog, clock, reset. What is wired to it is the bench's plant."""

import time as _time

import board_channel as bench
import board_frames as frames
from board_pin import ADC, Pin  # noqa: F401
from board_timer import Timer  # noqa: F401
from board_uart import UART  # noqa: F401

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


class WDT:
    def __init__(self, id=0, timeout=5000):
        self._timeout_ms = timeout
        self.feed()

    def feed(self):
        bench.watchdog_ms = bench.now_ms + self._timeout_ms


class RTC:
    # (year, month, day, weekday, hours, minutes, seconds, subseconds)
    def datetime(self, fields=None):
        if fields is None:
            year, month, day, hour, minute, second, weekday, _ = _time.gmtime()
            return (year, month, day, weekday, hour, minute, second, 0)
        year, month, day, _, hour, minute, second, _ = fields
        _time.set_rtc(_time.mktime((year, month, day, hour, minute, second, 0, 0)))
        return None


def unique_id():
    return bench.mac


def reset_cause():
    return bench.reset_cause


def reset():
    bench.restart(HARD_RESET, 0)


def soft_reset():
    bench.restart(SOFT_RESET, 0)


def deepsleep(time_ms=0):
    bench.restart(DEEPSLEEP_RESET, time_ms if time_ms else frames.NEVER_MS)


def lightsleep(time_ms=0):
    bench.sleep_until(bench.now_ms + time_ms if time_ms else frames.NEVER_MS)


def freq(_hz=None):
    return 160000000


def idle():
    pass


# One thread, and interrupts come only while it waits: there is nothing to lock out.
def disable_irq():
    return 0


def enable_irq(_state=0):
    pass
