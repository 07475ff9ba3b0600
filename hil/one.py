"""
One emulated board by hand, without a plant or a broker:

  python -m hil.one MAIN.PY [--config config.json] [--key key.bin] [--hours 1] [--image flash.img]

Runs MAIN.PY (for the firmware: firmware/main.py) on granted time and prints what it
printed. Pins read 1, the ADC 1.65 V, no UART answers, sockets are refused. With --image
the flash is kept and used again; without, it is made anew.
"""

import argparse
import tempfile
import time
from pathlib import Path

from hil import images
from hil.device import Board, Device
from hil.errors import ParticipantDied
from hil.grant import Coordinator
from hil.radio import Radio
from hil.tap import Tap

_START_MS = 1_800_000_000_000


class BareBoard:
    """Nothing is wired to the pins."""

    def uart(self, name: str, port: int, frame: bytes, now_ms: int) -> tuple[bytes, int]:
        return b"", 0

    def set_pin(self, name: str, pin: int, value: int, now_ms: int) -> None:
        print(f"{(now_ms - _START_MS) / 1000:10.3f} s  pin {pin} = {value}")

    def pin(self, name: str, pin: int) -> int:
        return 1

    def adc_uv(self, name: str, pin: int, now_ms: int) -> int:
        return 1_650_000


def _image(options: argparse.Namespace, folder: Path) -> Path:
    image = options.image or folder / "flash.img"
    if not image.exists():
        files = {"config.json": options.config, "key.bin": options.key}
        images.make({image: {name: path.read_bytes() for name, path in files.items() if path}}, folder)
    return image


def run(options: argparse.Namespace, folder: Path) -> None:
    clock, tap = Coordinator(_START_MS), Tap()
    clock.exchange = tap.exchange
    log, tree = folder / "one.log", images.device_tree(folder)
    board = Board("one", b"\x02GRID\x01", _image(options, folder), log, options.main.resolve(), (tree,))
    device = Device(board, clock, BareBoard(), Radio(), tap)
    clock.members.append(device)
    started = time.monotonic()
    try:
        device.power_on()
        clock.run_until(_START_MS + int(options.hours * 3_600_000))
        print(f"{clock.grants} grants, {time.monotonic() - started:.2f} s of wall time")
    except ParticipantDied:
        print("the program ended; it printed:")
    finally:
        device.power_off()
        print(log.read_text(errors="replace") if log.exists() else "", end="")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m hil.one", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("main", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--image", type=Path)
    parser.add_argument("--hours", type=float, default=1.0)
    with tempfile.TemporaryDirectory(prefix="gridtide-") as folder:
        run(parser.parse_args(), Path(folder))


if __name__ == "__main__":
    main()
