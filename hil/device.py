"""
A Device is one emulated board: its process, its flash image, its radio and its sockets,
and the wires that lead from its pins to the plant.
"""

import errno
import socket
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hil import interpreter, process
from hil.board import board_frames as frames
from hil.errors import ParticipantDied
from hil.grant import Coordinator
from hil.images import BOARD, FIRMWARE
from hil.participant import NEVER_MS, Participant
from hil.radio import Radio
from hil.secure_link import Broker, Link

_PIECE_MAX = 16384
POWER_ON, HARD_RESET = 1, 2


class Wiring(Protocol):
    """The plant, as far as a board's pins see it."""

    def uart(self, name: str, port: int, frame: bytes, now_ms: int) -> tuple[bytes, int]: ...
    def set_pin(self, name: str, pin: int, value: int, now_ms: int) -> None: ...
    def pin(self, name: str, pin: int) -> int: ...
    def adc_uv(self, name: str, pin: int, now_ms: int) -> int: ...


@dataclass
class Board:
    """What makes one board this board."""

    name: str
    mac: bytes
    image: Path
    log: Path
    main: Path = FIRMWARE / "main.py"
    paths: tuple[Path, ...] = ()
    roms: tuple[Path, ...] = ()  # ROMFS images: the device tree (main is then in it), the emulated modules
    slots: Path | None = None  # the file of the ROMFS partition; roms are then the emulated modules alone
    heap_bytes: int = 384 * 1024  # for scripts from sources; a device tree from ROM gets what it is promised to need


def _heap_bytes(board: Board) -> int:
    # An interpreter that cannot map images keeps them on the heap.
    return board.heap_bytes + (0 if interpreter.maps_roms() else sum(rom.stat().st_size for rom in board.roms))


@dataclass
class Device:
    board: Board
    time: Coordinator
    plant: Wiring
    radio: Radio
    tap: Broker  # or the Gate before it
    boots: int = 0
    radio_on: bool = False
    erases: Counter[int] = field(default_factory=Counter)
    power_lost: Callable[[], None] = lambda: None
    killed: Callable[[], None] = lambda: None
    _participant: Participant | None = None
    _process: subprocess.Popen[bytes] | None = None
    _sockets: dict[int, Link] = field(default_factory=dict)
    _watched_pins: dict[int, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.board.name

    # -- power ----------------------------------------------------------------------------------

    def power_on(self, cause: int = POWER_ON) -> None:
        assert self._process is None
        ours, theirs = socket.socketpair()
        board = self.board
        arguments = [str(theirs.fileno()), str(board.image), board.mac.hex(), str(cause), str(board.main)]
        command = [*interpreter.command(), "-X", f"heapsize={_heap_bytes(board)}", str(BOARD / "boot.py"), *arguments]
        command += [*map(str, board.paths), *(f"rom={rom}" for rom in board.roms)]
        command += [f"slots={board.slots}"] if board.slots else []
        self._process = process.spawn(command, board.log, [theirs.fileno()])
        theirs.close()
        self._participant = Participant(board.name, ours, self._answer)
        self.radio.devices[board.mac] = self
        self.time.watch(ours.fileno(), self._receive)
        self.boots += 1

    def power_off(self) -> None:
        """As pulling the plug: the radio falls silent, the sockets break, the relay drops out. A breaker latches."""
        if self._process is None or self._participant is None:
            return
        self.time.unwatch(self._participant.channel.fileno())
        self._participant.channel.close()
        process.end(self._process)
        self._participant = self._process = None
        self.radio_on = False
        self._watched_pins.clear()
        for link in self._sockets.values():
            link.close()
        self._sockets.clear()

    # -- as a member of granted time --------------------------------------------------------

    @property
    def until_ms(self) -> int:
        return self._participant.until_ms if self._participant else NEVER_MS

    def is_due(self, now_ms: int) -> bool:
        return self._participant is not None and self._participant.is_due(now_ms)

    def grant(self, now_ms: int) -> None:
        if self._participant:
            self._participant.grant(now_ms)

    def rests(self) -> bool:
        return self._participant is None or self._participant.idle

    def route(self, now_ms: int) -> None:
        if self._participant:
            for kind, argument, payload in self._participant.take_items():
                _ROUTES[kind](self, argument, payload)

    def _receive(self) -> None:
        assert self._participant
        try:
            self._participant.receive()
        except ParticipantDied:
            self._ended()
            return
        # A board that halted for a reset or a power cut never reports idle again: its last item says so.
        if any(item[0] in (frames.RESET, frames.CUT) for item in self._participant.items):
            self._participant.idle = True

    def _ended(self) -> None:
        """Killed by hand is a power failure; an end of its own is a fault of ours."""
        assert self._process
        status = self._process.wait()
        if not process.was_killed(status):
            tail = process.log_tail(self.board.log)
            raise ParticipantDied(f"{self.name} ended by itself (status {status}). {self.board.log}:\n{tail}")
        self.power_off()
        self.killed()

    # -- wires ----------------------------------------------------------------------------------

    def _answer(self, kind: int, argument: int, payload: bytes) -> bytes:
        if kind == frames.PIN_GET:
            return bytes((self.plant.pin(self.name, argument),))
        if kind == frames.ADC_UV:
            return self.plant.adc_uv(self.name, argument, self.time.now_ms).to_bytes(4, "big")
        assert kind == frames.RADIO_HEARD, kind
        return bytes((self.radio.hears(payload),))

    def _set_pin(self, pin: int, payload: bytes) -> None:
        self.plant.set_pin(self.name, pin, payload[0], self.time.now_ms)

    def _watch_pin(self, pin: int, _payload: bytes) -> None:
        self._watched_pins[pin] = self.plant.pin(self.name, pin)

    def notice_edges(self) -> None:
        """Something may have moved an input: the board hears of the edges it watches."""
        for pin, before in self._watched_pins.items():
            level = self.plant.pin(self.name, pin)
            if level != before:
                self._watched_pins[pin] = level
                self._hand(frames.PIN_EDGE, pin, bytes((level,)))

    def _uart_out(self, port: int, frame: bytes) -> None:
        reply, delay_ms = self.plant.uart(self.name, port, frame, self.time.now_ms)
        if reply:
            boot = self.boots
            self.time.at(self.time.now_ms + delay_ms, lambda: self._uart_in(port, reply, boot))

    def _uart_in(self, port: int, reply: bytes, boot: int) -> None:
        if boot == self.boots:
            self._hand(frames.UART_IN, port, reply)

    def _erased(self, _argument: int, payload: bytes) -> None:
        self.erases[int.from_bytes(payload, "big")] += 1

    def _hand(self, kind: int, argument: int, payload: bytes = b"") -> None:
        if self._participant:
            self._participant.hand(kind, argument, payload)

    # -- radio ------------------------------------------------------------------------------------

    def _radio_switch(self, channel: int, _payload: bytes) -> None:
        self.radio_on = bool(channel)

    def _radio_out(self, _argument: int, payload: bytes) -> None:
        self.radio.carry(self.board.mac, payload[:6], payload[6:])

    def hear(self, source: bytes, frame: bytes) -> None:
        self._hand(frames.RADIO_IN, 0, source + frame)

    # -- sockets ----------------------------------------------------------------------------------

    def _connect(self, number: int, _address: bytes) -> None:
        link = self.tap.connect(
            self.name, lambda data: self._received(number, data), lambda: self._hand(frames.CLOSED, number)
        )
        if link:
            self._sockets[number] = link
        self._hand(frames.OPENED, number, (0 if link else errno.ECONNREFUSED).to_bytes(2, "big"))

    def _received(self, number: int, data: bytes) -> None:
        for at in range(0, len(data), _PIECE_MAX):
            self._hand(frames.RECEIVED, number, data[at : at + _PIECE_MAX])

    def _send(self, number: int, data: bytes) -> None:
        if number in self._sockets:
            self._sockets[number].send(data)

    def _close(self, number: int, _payload: bytes) -> None:
        link = self._sockets.pop(number, None)
        if link:
            link.close()

    # -- faults -----------------------------------------------------------------------------------

    def jump_clock(self, delta_ms: int, with_ticks: bool = False) -> None:
        """Its real-time clock, or that and the counter of its ticks."""
        self._hand(frames.CLOCK_JUMP, int(with_ticks), (delta_ms % (1 << 64)).to_bytes(8, "big"))

    def arm_power_cut(self, writes: int) -> None:
        """The power fails in the middle of the `writes`-th flash write from now; `power_lost()` is called then."""
        self._hand(frames.CUT_POWER, 0, writes.to_bytes(4, "big"))

    def _cut(self, _argument: int, _payload: bytes) -> None:
        self.power_off()
        self.power_lost()

    def _reset(self, cause: int, payload: bytes) -> None:
        self.power_off()
        delay_ms = int.from_bytes(payload, "big")
        if delay_ms < NEVER_MS:
            self.time.at(self.time.now_ms + delay_ms, lambda: self.power_on(cause))


_ROUTES: dict[int, Callable[[Device, int, bytes], None]] = {
    frames.PIN_SET: Device._set_pin,
    frames.WATCH: Device._watch_pin,
    frames.UART_OUT: Device._uart_out,
    frames.RADIO_ON: Device._radio_switch,
    frames.RADIO_OUT: Device._radio_out,
    frames.CONNECT: Device._connect,
    frames.SEND: Device._send,
    frames.CLOSE: Device._close,
    frames.ERASED: Device._erased,
    frames.CUT: Device._cut,
    frames.RESET: Device._reset,
}
