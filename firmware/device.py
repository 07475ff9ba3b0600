"""
A Device is what a meter and an M-LMD have in common: it looks at its equipment in every
sample, keeps it within its limits, signs a reading in every window, and obeys commands.
How anything travels is the role's.
"""

import asyncio
import gc
import os
import sys
import time

import energy
from accounts import Accounts
from clock import Clock
from counters import Counters
from delivery import Delivery
from executor import Executor
from identity import Identity
from nonvolatile import Nonvolatile
from outbox import Outbox, make_directory
from timekeeper import Timekeeper
from waiting import until

from wire.errors import WireError

_STATE = "state"
_NEXT_KEY, _SEED_SIZE = "next_key", 32  # rekey.py
_TOLD_SEGMENTS = 5  # of receipts and events: 32 wait for their acknowledgement at least
_RELEASE = "release.json"  # whose firmware is believed; without it none is taken
_CHARGE_MS = 60000  # the watchdog's patience beyond two samples


def kept_file(name):
    """The bytes of a file of the state, or None."""
    if name not in os.listdir(_STATE):
        return None
    with open(_STATE + "/" + name, "rb") as file:
        return file.read()


def _drop(name):
    for one in (name, "rekey", "provisioning"):
        sys.modules.pop(one, None)
    gc.collect()


class Device:
    # board: the module of pins and buses. open_equipment(config, board, clock, count_switch): Household or Junction.
    def __init__(self, config, board, open_equipment):
        make_directory(_STATE)
        self.config = config
        self.identity = Identity(config)
        self.announcement = (kept_file(_NEXT_KEY) or b"")[_SEED_SIZE:]  # of its next key, until that is in force
        self.notice = None  # that its present key is in force, once it changed
        self.keys = [self.identity.keys]  # whatever holds others' keys by id: key_book.py changes them
        self.counters = Counters(_STATE + "/counters.json")
        self.outbox = Outbox(_STATE + "/outbox")
        self._memory = Nonvolatile(_STATE)
        self._told = Outbox(_STATE + "/told", _TOLD_SEGMENTS)
        newest = self.outbox.newest
        self._memory.begin_boot(max([one.boot for one in (newest, self._told.newest) if one] + [0]))
        note = energy.later(newest.note if newest else None, self._memory.note)
        kept = energy.from_note(note) if note else energy.Energy()
        floor_s = max(newest.end_s if newest else 0, kept.seen_s)
        drift_ppm = self.counters.values["clock_drift_ppm"]
        self.clock = Clock(time.ticks_ms, time.ticks_diff, time.time, floor_s, self._count_clock_fault, drift_ppm)
        self.equipment = open_equipment(config, board, self.clock, self.counters.count_switch)
        self.equipment.energy = kept
        self._sequences = {}
        clock, memory, sequence = self.clock, self._memory, self.next_sequence
        self._accounts = Accounts(self.identity, self.outbox, memory, clock, sequence)
        self._executor = Executor(self.identity, self.equipment, memory, clock, self.counters, self)
        self.telling = Delivery(self._told, self.identity, config.sample_s * 1000)
        led = self._light(board) if config.equipment.led else board.led()
        self.delivery = Delivery(self.outbox, self.identity, config.sample_s * 1000, led, self.telling)
        self._hurry = asyncio.Event()  # look now, not at the next sample
        self.time = Timekeeper(clock, self.identity, self._hurry.set)
        self._heard_s = 0  # uptime at the last verified word of the aggregator
        self._next_look_ms = 0
        self._touched = asyncio.ThreadSafeFlag()  # somebody turned the manual switch
        board.watch_manual_switch(lambda _pin: self._touched.set())
        self._watchdog = board.watchdog(2 * config.sample_s * 1000 + _CHARGE_MS)

    def _light(self, board):
        from light import Light

        light = Light(self, board.led(), board.LED_LIT_AT)
        asyncio.create_task(light.run())
        return light

    def _count_clock_fault(self):
        self.counters.count("clock_faults")

    @property
    def boot(self):
        return self._memory.boot

    # The boot's number is on the flash before anything is signed, so sequences may start at 1 again.
    def next_sequence(self, kind):
        """The next sequence number of this boot for messages of `kind`."""
        number = self._sequences.get(kind, 0) + 1
        self._sequences[kind] = number
        return number

    def tell(self, kind, layout, acknowledged, fields, note=b""):
        """Sign a receipt or an event, without its boot and sequence, and keep it. acknowledged: of its wire module."""
        number = self.next_sequence(kind)
        signed = self.identity.seal(kind, layout, (self.boot, number) + fields)
        if self._told.is_full():
            self._told.give_up_oldest()
        self._told.append(self.boot, acknowledged + number, 0, signed, note)
        self.telling.wake()

    def has_told(self, note):
        """Whether something with this note is on the flash."""
        return self._told.holds(note)

    # -- forever ----------------------------------------------------------------------------

    async def look_forever(self, looked):
        """Look at the equipment in every sample. looked(): called after each look."""
        while True:
            self._watchdog.feed()
            if self.clock.rtc_moved():
                self.time.doubt()
            knew_time = self.clock.is_set()  # a look without it counts nothing: accounting begins with the next
            await self.equipment.look()
            if knew_time and self._accounts.close_window(self.equipment):
                self.delivery.wake()
                self._write_counters()
            looked()
            await until(self._hurry, self._pause_ms())

    def _pause_ms(self):
        sample_ms = self.config.sample_s * 1000
        if not self.clock.is_set():
            return sample_ms
        now_ms = self.clock.utc_ms()
        self._next_look_ms = (now_ms // sample_ms + 1) * sample_ms
        expires_s = self.equipment.expires_s()
        if expires_s is not None:
            self._next_look_ms = min(self._next_look_ms, max(expires_s * 1000, now_ms + 1))
        return self._next_look_ms - now_ms

    def _write_counters(self):
        gc.collect()
        values, signed_count = self.counters.values, self.outbox.signed_count()
        values["readings_signed"] = signed_count
        values["readings_acknowledged"] = signed_count - len(self.outbox.waiting())
        values["boots"] = self.boot
        values["clock_drift_ppm"] = self.clock.drift_ppm
        self.counters.peak("heap_peak_bytes", gc.mem_alloc())
        self.counters.write()

    async def guard_forever(self):
        """Keep to the limits whenever the manual switch is turned."""
        while True:
            await self._touched.wait()
            await self.equipment.guard()

    def open_renewal(self):
        """The Renewal of this device's firmware, or None on a board that nobody releases firmware for."""
        if _RELEASE not in os.listdir():
            return None
        from renewal import Renewal

        return Renewal(self, _RELEASE)

    # -- keys -------------------------------------------------------------------------------

    # Both happen once a year: what it takes does not stay on the heap.
    def rotate_key(self):
        import rekey

        self.announcement = rekey.begin(self.identity, self.config.network_id, self.clock.utc_s() or 0)
        _drop("rekey")
        self._hurry.set()

    def take_notice(self, frame):
        """Take a KeyNotice (untrusted bytes). Returns whether it was news."""
        import key_book

        try:
            return key_book.take(self, frame)
        except WireError:
            self.counters.count("notices_refused")
            return False
        finally:
            _drop("key_book")

    def forget_commands(self):
        """Whoever gives them from now on counts anew."""
        self._memory.take_command(0, self.equipment.energy.note())

    # -- what comes in ----------------------------------------------------------------------

    def acknowledge(self, data):
        """Take an Acknowledgement (untrusted bytes)."""
        try:
            said = self.delivery.acknowledge(data)
        except WireError:
            self.counters.count("acknowledgements_refused")
            return
        if said:
            self.heard()
            if self.clock.contradicts(said.issued_s):
                self.time.doubt()

    def heard(self):
        """A verified word of the aggregator came."""
        self._heard_s = self.clock.uptime_s()

    def silent_s(self):
        """For how long none has come."""
        return self.clock.uptime_s() - self._heard_s

    async def command(self, data):
        """Take a Command (untrusted bytes)."""
        await self._executor.execute(data)
        expires_s = self.equipment.expires_s()
        if expires_s is not None and expires_s * 1000 < self._next_look_ms:
            self._hurry.set()  # the hold ends before the next sample
