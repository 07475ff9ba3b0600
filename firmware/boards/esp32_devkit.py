"""An ESP32 DevKit as wired in a Gridtide meter or M-LMD: pins and buses, nothing else."""

from machine import ADC, UART, WDT, Pin, Timer

LED_LIT_AT = 1


# RS-485 or TTL to the PZEM-004Ts, or to the SDM230 of an M-LMD.
def metering_bus():
    return UART(2, baudrate=9600, bits=8, parity=None, stop=1, tx=17, rx=16)


# The P1 port's data line is inverted; a telegram has more than a kilobyte. It takes the inverter's UART.
def p1_port():
    return UART(1, baudrate=115200, bits=8, parity=None, stop=1, tx=18, rx=19, invert=UART.INV_RX, rxbuf=4096)


# Closed contact: 0.
def s0_input():
    return Pin(25, Pin.IN, Pin.PULL_UP)


def inverter_bus():
    return UART(1, baudrate=9600, bits=8, parity=None, stop=1, tx=18, rx=19)


# Off at start.
def heater_relay():
    return Pin(26, Pin.OUT, value=0)


# A latching contact. level: 1 closed, 0 open, as it has to be from the start.
def breaker(level=1):
    return Pin(27, Pin.OUT, value=level)


# A latching relay instead: the pins of the coil that closes it and the one that opens it, 1 drives.
def breaker_coils():
    return Pin(27, Pin.OUT, value=0), Pin(14, Pin.OUT, value=0)


# Ends their pulses.
def pulse_timer():
    return Timer(1)


# RMS of the current transformer: 0..3.3 V stand for 0..25 times the breaker's rated current.
def current_sensor():
    return ADC(Pin(35), atten=ADC.ATTN_11DB)


# RMS on the supply side of the breaker: 0..3.3 V stand for 0..500 V.
def voltage_sensor():
    return ADC(Pin(33), atten=ADC.ATTN_11DB)


# 1 while current, voltage or frequency is out of its ordinary range: comparators, or a metering chip's warning.
def supervision():
    return Pin(32, Pin.IN, Pin.PULL_DOWN)


def sampler():
    return Timer(0)


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
