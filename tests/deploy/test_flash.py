"""
`gridtide flash` onto a board that is a pseudo-terminal: mpremote itself copies the tree to a
LittleFS flash, and the firmware that lies there then boots, on granted time, and signs.
"""

import ast
import json
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import serial
import typer
from nacl.signing import SigningKey

from deploy import build, cli, console
from deploy.boards import BENCH
from deploy.boards import board as board_named
from deploy.errors import FlashError
from deploy.flash import Job
from deploy.flash import flash as _flash
from deploy.provision import SerialLine
from hil import images
from hil.device import Board, Device
from hil.firmware import PARTITION_SIZE
from hil.grant import Coordinator
from hil.radio import Radio
from hil.tap import Tap
from tests.deploy.rom_loader import FLASH_SIZE, RomLoader
from tests.deploy.serial_board import SerialBoard
from tests.hil.emulated import START_MS, Wires
from wire import message, signed_time

METER, MLMD = SigningKey(b"\1" * 32), SigningKey(b"\2" * 32)
METER_ID, MLMD_ID, AREA_ID, NETWORK_ID = b"meter--1", b"mlmd---1", b"area---1", b"network1"
METER_MAC, MLMD_MAC = b"\2METR1", b"\2MLMD1"
CONFIG = {
    "role": "meter",
    "name": "meter-01",
    "board": "esp32_devkit",
    "network_id": NETWORK_ID.hex(),
    "area_id": AREA_ID.hex(),
    "device_id": METER_ID.hex(),
    "aggregator_public_key": bytes(SigningKey(b"\3" * 32).verify_key).hex(),
    "mlmd": {"id": MLMD_ID.hex(), "public_key": bytes(MLMD.verify_key).hex(), "mac": MLMD_MAC.hex()},
    "equipment": {"pzem": {"load": 1}},
}


class TimeTeller:
    """An M-LMD that does one thing: it tells who asks the time."""

    radio_on = True

    def __init__(self, clock: Coordinator, radio: Radio):
        self._clock = clock
        self._radio = radio

    def hear(self, source: bytes, frame: bytes) -> None:
        if frame[:1] == signed_time.REQUEST:
            fields = (self._clock.now_ms // 1000, frame[1:])
            told = message.seal(signed_time.KIND, signed_time.LAYOUT, fields, MLMD_ID, NETWORK_ID, _sign)
            self._radio.carry(MLMD_MAC, source, told)


def _sign(content: bytes) -> bytes:
    return MLMD.sign(content).signature


def boot(image: Path, folder: Path, romfs: Path | None = None) -> bytes:
    """What a board with this flash prints in its first half hour, beside an M-LMD and with nothing on its buses."""
    clock, radio, log = Coordinator(START_MS), Radio(), folder / "console.log"
    roms = (images.make_emulated(folder),) if romfs else ()
    flashed = Board("meter-01", METER_MAC, image, log, Path("/flash/main.py"), roms=roms, slots=romfs)
    device = Device(flashed, clock, Wires(), radio, Tap())
    radio.devices[MLMD_MAC] = TimeTeller(clock, radio)  # type: ignore[assignment]
    clock.members.append(device)
    device.power_on()
    try:
        clock.run_until(START_MS + 1_800_000)
    finally:
        device.power_off()
    return log.read_bytes()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "key.bin").write_bytes(bytes(METER))
    return tmp_path


@pytest.fixture
def romfs(files, monkeypatch) -> Path:
    """A ROMFS partition as MicroPython's build leaves it: erased. Its image is built for the bench's processor."""
    named = build.board
    monkeypatch.setattr(build, "board", lambda name: replace(named(name), architecture=BENCH))
    path = files / "romfs.img"
    path.write_bytes(b"\xff" * PARTITION_SIZE)
    return path


@pytest.fixture
def loader() -> RomLoader:
    return RomLoader("esp32")


@pytest.fixture
def line(request, files, monkeypatch):
    """A board whose firmware starts to talk when somebody listens: opening a serial port drops what was said before."""
    romfs = request.getfixturevalue("romfs") if "romfs" in request.fixturenames else None
    listening = threading.Event()

    class Heard(serial.Serial):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            listening.set()

    def boot_when_heard() -> bytes:
        assert listening.wait(60)
        return boot(image, files, romfs)

    monkeypatch.setattr(console.serial, "Serial", Heard)
    image = files / "flash.img"
    loader = request.getfixturevalue("loader") if "loader" in request.fixturenames else None
    made = SerialBoard(image, files, boot_when_heard, romfs, loader)
    yield made
    made.close()


def flash(files: Path, port: str, **options) -> None:
    arguments = {"role": "meter", "board": "esp32_devkit", "config": files / "config.json", "key": files / "key.bin"}
    defaults = {"micropython": None, "out": files / "out", "dry_run": False, "patience_s": 60.0}
    defaults |= {"layout": "auto", "release_keys": None, "version": 1}
    cli.flash_board(port, **(arguments | defaults | options))


MICROPYTHON = bytes(range(256)) * 5000  # stands for an image: its bytes must get there


def test_from_a_board_out_of_its_bag_to_the_first_signed_reading(files, loader, line, capsys):
    (files / "mp.bin").write_bytes(MICROPYTHON)
    flash(files, line.port, micropython=files / "mp.bin")
    assert loader.flash.strip(b"\xff") == MICROPYTHON.strip(b"\xff") and loader.flash.find(MICROPYTHON) == 0x1000
    said = capsys.readouterr().out
    assert said.endswith("It verifies.\n") and "boot 1, reading 1" in said
    assert line.resets == 1


def test_a_board_with_a_romfs_partition_gets_two_slots_believes_the_release_keys_and_makes_its_own(
    files, romfs, line, capsys
):
    keys = files / "release-keys.json"
    keys.write_text(json.dumps({"threshold": 2, "keys": [bytes(32).hex(), (b"\1" * 32).hex()]}))
    (files / "stale.mpy").write_bytes(b"")
    SerialLine(line.port).say("fs", "cp", str(files / "stale.mpy"), ":/stale.mpy")
    flash(files, line.port, key=None, release_keys=keys, version=7)
    said = capsys.readouterr().out
    assert "it gets two slots" in said and "for the public key" in said
    assert said.endswith("It verifies.\n") and "reading 1" in said
    rom = (files / "out" / "meter-esp32_devkit" / "rom.img").read_bytes()
    written = romfs.read_bytes()
    assert written.startswith(rom) and set(written[PARTITION_SIZE // 2 :]) == {0xFF}, "slot 0, and nothing in slot 1"
    board = SerialLine(line.port)
    names = ast.literal_eval(board.say("exec", "import os; print(sorted(os.listdir()))"))
    selector = ["main.py", "rom.mpy", "selector.mpy"]
    assert sorted(["config.json", "installed.json", "key.bin", "release.json", "state", *selector]) == names
    believed = json.loads(board.say("fs", "cat", ":/release.json"))
    on_board = {"version": 7, "size": len(rom), "sha256": sha256(rom).hexdigest()}
    assert believed == {"threshold": 2, "keys": [bytes(32).hex(), (b"\1" * 32).hex()], "installed": on_board}


def test_what_was_measured_outlives_a_flashing_and_the_record_of_slots_does_not(files, line):
    board = SerialLine(line.port)
    board.say("exec", "import os; os.mkdir('state'); os.mkdir('state/outbox'); os.mkdir('wire')")
    for name in ("state/slots0", "state/update1", "state/outbox/0", "release.json", "wire/old.mpy"):
        board.say("exec", f"open('{name}', 'wb').write(b'kept')")
    job = Job(line.port, board_named("esp32_devkit"), files, files / "config.json")
    job.clearing().run()
    assert ast.literal_eval(
        board.say("exec", "print(os.listdir(), os.listdir('state'))".replace("print", "import os; print")).replace(
            "] [", "], ["
        )
    ) == (["state"], ["outbox"])


def test_slots_that_are_asked_for_and_cannot_be_had(files, line, capsys):
    with pytest.raises(typer.Exit):
        flash(files, line.port, layout="slots")
    assert "ROMFS partition has 0 bytes, and two slots of" in capsys.readouterr().err


def test_a_reading_of_another_key_is_not_taken(files, romfs, line, capsys, monkeypatch):
    monkeypatch.setattr(cli, "flash", lambda job, say: _flash(job, say) and bytes(MLMD.verify_key))
    with pytest.raises(typer.Exit):
        flash(files, line.port)
    assert "does not verify" in capsys.readouterr().err


def test_a_board_that_does_not_answer_fails_with_what_the_tool_said(files, capsys):
    with pytest.raises(typer.Exit):
        flash(files, str(files / "no-such-port"))
    assert "ask how large its ROMFS partition is: failed" in capsys.readouterr().err


def test_a_dry_run_prints_each_step_and_does_none(files, capsys):
    (files / "mp.bin").write_bytes(b"")
    flash(files, "/dev/nowhere", dry_run=True, micropython=files / "mp.bin")
    steps = [line for line in capsys.readouterr().out.splitlines() if line.startswith("# ")]
    blocks = -(-(files / "out" / "meter-esp32_devkit" / "rom.img").stat().st_size // 4096) * 4096
    assert steps == [
        "# erase the flash",
        "# write MicroPython",
        "# ask how large its ROMFS partition is",
        "# clear what an earlier firmware left; key, config and readings stay",
        f"# -- with {2 * blocks} bytes or more, in two slots:",
        "# write the image to slot 0",
        "# copy the selector",
        "# -- with less, or none, as files:",
        "# copy the firmware",
        "# -- then",
        "# provision: config.json",
        "# provision: key.bin",
        "# restart the board",
        "# wait for the first signed reading on /dev/nowhere, at most 60 s",
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"role": "mlmd"}, "role is 'mlmd', and 'meter' is asked for"),
        ({"board": "esp32_c3"}, "board is 'esp32_c3'"),
    ],
)
def test_a_config_for_another_board_is_refused_before_anything_is_written(files, capsys, change, error):
    (files / "config.json").write_text(json.dumps(CONFIG | change))
    with pytest.raises(typer.Exit):
        flash(files, "/dev/nowhere")
    assert error in capsys.readouterr().err


def test_a_silent_board_is_an_error_that_says_what_to_look_at():
    with pytest.raises(FlashError, match="no signed reading came"):
        console.first_reading(iter(["MicroPython"]), bytes(32), NETWORK_ID, lambda line: None)


@pytest.mark.parametrize("name", ["esp32_s3", "esp32_c3"])  # the ESP32 is flashed above
def test_esptool_writes_micropython(name, files):
    """esptool itself, against the boot loader of the chip: the flash is erased, and the image where it starts from."""
    board = board_named(name)
    loader = RomLoader(board.chip)
    line = SerialBoard(files / "flash.img", files, lambda: b"", None, loader)
    (files / "mp.bin").write_bytes(MICROPYTHON)
    job = Job(line.port, board, files, files / "config.json", None, files / "mp.bin")
    for step in job.micropython_steps():
        step.run()
    line.close()
    begin, end = board.image_offset, board.image_offset + len(MICROPYTHON)
    assert loader.flash == b"\xff" * begin + MICROPYTHON + b"\xff" * (FLASH_SIZE - end)
    assert {"ERASE_FLASH", "FLASH_DEFL_DATA", "SPI_FLASH_MD5", "CHANGE_BAUDRATE"} <= set(loader.commands)


def test_esptool_refuses_another_chip(files):
    line = SerialBoard(files / "flash.img", files, lambda: b"", None, RomLoader("esp32s3"))
    (files / "mp.bin").write_bytes(MICROPYTHON)
    job = Job(line.port, board_named("esp32_devkit"), files, files / "config.json", None, files / "mp.bin")
    with pytest.raises(FlashError, match="This chip is ESP32-S3, not ESP32"):
        next(job.micropython_steps()).run()
    line.close()
