"""
A Sonoff POW-style board (POWR316: ESP32, CSE7766, one relay) as a meter: pins and buses,
nothing else. Its logic is on the mains: see docs/hardware.md before a wire touches it.

The load runs through its relay, closed at start. It has no other bus, no sensor and no breaker.
"""

from machine import UART, WDT, Pin

LED_LIT_AT = 0  # as it is wired to the supply


# The chip on the board talks by itself; nobody asks it. A second of its frames has room. What it measures runs through
# the board's relay, which closes when the measuring begins; with "switch" in the config it obeys commands, with
# "button" the button locks it out.
def metering_chip():
    load_relay()
    return UART(1, baudrate=4800, bits=8, parity=0, stop=1, rx=16, tx=-1, rxbuf=1024)


def load_relay():
    return Pin(13, Pin.OUT, value=1)


# The button. 0: pressed.
def manual_switch():
    return Pin(0, Pin.IN, Pin.PULL_UP)


# handler(pin) is called, as an interrupt, when the button is pressed or released.
def watch_manual_switch(handler):
    manual_switch().irq(handler, Pin.IRQ_RISING | Pin.IRQ_FALLING)


def led():
    return Pin(18, Pin.OUT, value=1)


def watchdog(timeout_ms):
    return WDT(timeout=timeout_ms)
