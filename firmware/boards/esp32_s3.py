"""
An ESP32-S3 DevKitC-1 as wired in a Gridtide meter or M-LMD: pins and buses, nothing else.
Kept clear of: flash and PSRAM (26 to 37), USB (19, 20), the console (43, 44), strapping pins (0, 3, 45, 46).
"""

from machine import ADC, UART, WDT, Pin, Timer

LED_LIT_AT = 1


# RS-485 or TTL to the PZEM-004Ts, or to the SDM230 of an M-LMD.
def metering_bus():
    return UART(2, baudrate=9600, bits=8, parity=None, stop=1, tx=17, rx=18)


# The P1 port's data line is inverted; a telegram has more than a kilobyte. It takes the inverter's UART.
def p1_port():
    return UART(1, baudrate=115200, bits=8, parity=None, stop=1, tx=15, rx=16, invert=UART.INV_RX, rxbuf=4096)


# Closed contact: 0.
def s0_input():
    return Pin(11, Pin.IN, Pin.PULL_UP)


def inverter_bus():
    return UART(1, baudrate=9600, bits=8, parity=None, stop=1, tx=15, rx=16)


# Off at start.
def heater_relay():
    return Pin(4, Pin.OUT, value=0)


# A latching contact. level: 1 closed, 0 open, as it has to be from the start.
def breaker(level=1):
    return Pin(5, Pin.OUT, value=level)


# A latching relay instead: the pins of the coil that closes it and the one that opens it, 1 drives.
def breaker_coils():
    return Pin(5, Pin.OUT, value=0), Pin(12, Pin.OUT, value=0)


# Ends their pulses.
def pulse_timer():
    return Timer(1)


# RMS of the current transformer: 0..3.3 V stand for 0..25 times the breaker's rated current.
def current_sensor():
    return ADC(Pin(8), atten=ADC.ATTN_11DB)


# RMS on the supply side of the breaker: 0..3.3 V stand for 0..500 V.
def voltage_sensor():
    return ADC(Pin(9), atten=ADC.ATTN_11DB)


# 1 while current, voltage or frequency is out of its ordinary range: comparators, or a metering chip's warning.
def supervision():
    return Pin(10, Pin.IN, Pin.PULL_DOWN)


def sampler():
    return Timer(0)


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
