"""Our ROMFS images against mpremote's writer, and mounted by MicroPython itself."""

import json
import subprocess

import pytest
from mpremote.romfs import VfsRomWriter

from deploy import romfs
from hil import interpreter

TREES = {
    "nothing": {},
    "one file": {"main.py": b"print(1)\n"},
    "an empty file": {"a": b""},
    "odd length": {"a": b"x"},
    "folders in folders": {"a/b/c.mpy": bytes(range(256)), "a/b.mpy": b"2", "z": b"3"},
    "lengths of one, two and three digits": {"a": bytes(127), "b": bytes(128), "c": bytes(16384)},
}

LIST = """
import json, os, sys, uctypes, vfs
from binascii import hexlify
with open(sys.argv[1], "rb") as file:
    vfs.mount(vfs.VfsRom(file.read()), "/rom")
def walk(folder):
    found = {}
    for name, kind, *_ in os.ilistdir("/rom" + folder):
        path = folder + "/" + name
        if kind == 0x4000:
            found.update(walk(path))
        else:
            with open("/rom" + path, "rb") as file:
                found[path[1:]] = hexlify(file.read()).decode()
    return found
print(json.dumps(walk("")))
"""


def mpremotes(files: dict[str, bytes]) -> bytes:
    writer = VfsRomWriter()
    _put(writer, "", files)
    return writer.finalise()


def _put(writer: VfsRomWriter, folder: str, files: dict[str, bytes]) -> None:
    for name in sorted({path[len(folder) :].split("/", 1)[0] for path in files if path.startswith(folder)}):
        if folder + name in files:
            writer.mkfile(name, files[folder + name])
        else:
            writer.opendir(name)
            _put(writer, f"{folder}{name}/", files)
            writer.closedir()


@pytest.mark.parametrize("name", TREES)
def test_the_image_is_mpremotes(name):
    assert romfs.image(TREES[name]) == mpremotes(TREES[name])


@pytest.mark.parametrize("name", TREES)
def test_micropython_reads_what_was_put_in(name, tmp_path):
    (tmp_path / "list.py").write_text(LIST)
    (tmp_path / "rom.img").write_bytes(romfs.image(TREES[name]))
    command = [*interpreter.command(), str(tmp_path / "list.py"), str(tmp_path / "rom.img")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {path: bytes.fromhex(data) for path, data in json.loads(done.stdout).items()} == TREES[name]
