"""`machine.Pin` and `machine.ADC`: outputs are told to the plant, inputs asked of it, edges come as items."""

import board_channel as bench
import board_frames as frames


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    _by_id = {}  # noqa: RUF012

    def __new__(cls, id, *args, **options):
        if id not in cls._by_id:
            cls._by_id[id] = object.__new__(cls)
        return cls._by_id[id]

    def __init__(self, id, mode=-1, pull=-1, *, value=None, **_wiring):
        if not hasattr(self, "id"):
            self.id = id
            self._mode = Pin.IN
            self._level = 0
        self.init(mode, pull, value=value)

    def init(self, mode=-1, _pull=-1, *, value=None, **_wiring):
        if mode != -1:
            self._mode = mode
        if value is not None:
            self._drive(value)

    def _drive(self, level):
        level = 1 if level else 0
        self._level = level
        bench.emit(frames.PIN_SET, self.id, bytes((level,)))

    def value(self, level=None):
        if level is not None:
            return self._drive(level)
        if self._mode == Pin.IN:
            return bench.call(frames.PIN_GET, self.id)[0]
        return self._level

    __call__ = value

    def on(self):
        self._drive(1)

    def off(self):
        self._drive(0)

    def toggle(self):
        self._drive(not self._level)

    # The handler runs while the board waits, never between two of its instructions.
    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING, **_options):
        def edge(payload):
            if handler and trigger & (Pin.IRQ_RISING if payload[0] else Pin.IRQ_FALLING):
                handler(self)

        bench.takers[(frames.PIN_EDGE, self.id)] = edge
        bench.emit(frames.WATCH, self.id)


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_12BIT = 3

    def __init__(self, pin, **_options):
        self._pin = pin.id if isinstance(pin, Pin) else pin

    def init(self, **_options):
        pass

    def atten(self, _attenuation):
        pass

    def width(self, _bits):
        pass

    def read_uv(self):
        return int.from_bytes(bench.call(frames.ADC_UV, self._pin), "big")

    def read_u16(self):
        return min(65535, self.read_uv() * 65535 // 3300000)

    def read(self):
        return self.read_u16() >> 4
