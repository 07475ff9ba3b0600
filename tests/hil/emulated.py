"""Emulated boards for tests: each runs a script of the test's own on granted time and prints what happened to it."""

import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from hil import images
from hil.device import Board, Device
from hil.grant import Coordinator
from hil.radio import Radio
from hil.tap import Tap

START_MS = 1_800_000_000_000


@dataclass
class Wires:
    """A plant by hand: what is written to UART and pins is kept, answers are what the test says."""

    answers: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)
    inputs: dict[int, int] = field(default_factory=dict)
    outputs: list[tuple[str, int, int, int]] = field(default_factory=list)

    def uart(self, name: str, port: int, frame: bytes, now_ms: int) -> tuple[bytes, int]:
        return self.answers.get(frame, (b"", 0))

    def set_pin(self, name: str, pin: int, value: int, now_ms: int) -> None:
        self.outputs.append((name, pin, value, now_ms - START_MS))

    def pin(self, name: str, pin: int) -> int:
        return self.inputs.get(pin, 1)

    def adc_uv(self, name: str, pin: int, now_ms: int) -> int:
        return 1_234_567


class Bench:
    """Boards, the air between them and a tap; `stop` ends every process."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.time = Coordinator(START_MS)
        self.tap = Tap()
        self.time.exchange = self.tap.exchange
        self.radio = Radio()
        self.wires = Wires()
        self.devices: list[Device] = []

    def board(self, name: str, script: str) -> Device:
        number = len(self.devices) + 1
        main, image = self.folder / f"{name}.py", self.folder / f"{name}.img"
        main.write_text(textwrap.dedent(script))
        images.make({image: {}}, self.folder)
        board = Board(name, b"\x02\0\0\0\0" + bytes((number,)), image, self.folder / f"{name}.log", main)
        device = Device(board, self.time, self.wires, self.radio, self.tap)
        self.devices.append(device)
        self.time.members.append(device)
        device.power_on()
        return device

    def run(self, seconds: float) -> None:
        self.time.run_until(self.time.now_ms + round(seconds * 1000))

    def stop(self) -> None:
        for device in self.devices:
            device.power_off()

    def printed(self, device: Device) -> list[str]:
        return device.board.log.read_text().splitlines()
