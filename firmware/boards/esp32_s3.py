"""
An ESP32-S3 DevKitC-1 as wired in a Gridtide meter or M-LMD: pins and buses, nothing else.
Kept clear of: flash and PSRAM (26 to 37), USB (19, 20), the console (43, 44), strapping pins (0, 3, 45, 46).
"""

from machine import ADC, UART, WDT, Pin


# RS-485 or TTL to the PZEM-004Ts, or to the SDM230 of an M-LMD.
def metering_bus():
    return UART(2, baudrate=9600, bits=8, parity=None, stop=1, tx=17, rx=18)


def inverter_bus():
    return UART(1, baudrate=9600, bits=8, parity=None, stop=1, tx=15, rx=16)


# Off at start.
def heater_relay():
    return Pin(4, Pin.OUT, value=0)


# Closed at start: a micro area is supplied unless somebody opens it.
def breaker():
    return Pin(5, Pin.OUT, value=1)


# 0: locked out.
def manual_switch():
    return Pin(6, Pin.IN, Pin.PULL_UP)


# handler(pin) is called, as an interrupt, when the switch is turned.
def watch_manual_switch(handler):
    manual_switch().irq(handler, Pin.IRQ_RISING | Pin.IRQ_FALLING)


# One of its own, with a resistor: the LED on the board is an addressable one.
def led():
    return Pin(7, Pin.OUT, value=0)


# 0..3.3 V stand for 0..100 degC.
def tank_sensor():
    return ADC(Pin(1), atten=ADC.ATTN_11DB)


def watchdog(timeout_ms):
    return WDT(timeout=timeout_ms)
