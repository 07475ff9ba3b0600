"""An ESP32 DevKit as wired in a Gridtide meter or M-LMD: pins and buses, nothing else."""

from machine import ADC, UART, WDT, Pin


# RS-485 or TTL to the PZEM-004Ts, or to the SDM230 of an M-LMD.
def metering_bus():
    return UART(2, baudrate=9600, bits=8, parity=None, stop=1, tx=17, rx=16)


def inverter_bus():
    return UART(1, baudrate=9600, bits=8, parity=None, stop=1, tx=18, rx=19)


# Off at start.
def heater_relay():
    return Pin(26, Pin.OUT, value=0)


# Closed at start: a micro area is supplied unless somebody opens it.
def breaker():
    return Pin(27, Pin.OUT, value=1)


# 0: locked out.
def manual_switch():
    return Pin(0, Pin.IN, Pin.PULL_UP)


# handler(pin) is called, as an interrupt, when the switch is turned.
def watch_manual_switch(handler):
    manual_switch().irq(handler, Pin.IRQ_RISING | Pin.IRQ_FALLING)


def led():
    return Pin(2, Pin.OUT, value=0)


# 0..3.3 V stand for 0..100 degC.
def tank_sensor():
    return ADC(Pin(34), atten=ADC.ATTN_11DB)


def watchdog(timeout_ms):
    return WDT(timeout=timeout_ms)
