# ruff: noqa: E402 - what is imported stands on the path only then
"""
What mpremote talks to on a board: MicroPython's raw REPL, in MicroPython, over its standard
input and output, and a LittleFS flash mounted where a board has it.

micropython board_repl.py FLASH_IMAGE MODULES raw|friendly [ROMFS_PARTITION]

ends with status 3 for machine.reset(), 4 for a soft reset.

Source: MicroPython's reference manual, "The MicroPython interactive interpreter mode (REPL)", raw mode.
"""

import sys

sys.path[:] = [sys.argv[2], sys.path[0], ".frozen"]
import os

import board_channel
import board_rom
import board_vfs
import esp32
import espnow  # noqa: F401 - what a board has built in, and network
import network  # noqa: F401 - the host's files are out of reach below
import rom  # noqa: F401 - in place of the firmware's
import vfs

BANNER = b"raw REPL; CTRL-B to exit\r\n>"
NEWS_ON_SOFT_RESET = b"MPY: soft reboot\r\n"


class Machine:
    @staticmethod
    def reset():
        sys.exit(3)


def say(data):
    sys.stdout.buffer.write(data)


def execute(code, scope):
    say(b"OK")
    error = None
    try:
        exec(code, scope)
    except SystemExit:
        raise
    except BaseException as raised:
        error = raised
    say(b"\x04")
    if error:
        sys.print_exception(error, sys.stdout)
    say(b"\x04>")
    board_channel.forget()


def serve(is_raw):
    scope = {"__name__": "__main__"}
    line = b""
    if is_raw:
        say(BANNER)
    while True:
        key = sys.stdin.buffer.read(1)
        if not key:
            sys.exit(0)
        if key == b"\x01":
            is_raw, line = True, b""
            say(BANNER)
        elif key == b"\x02":
            is_raw, line = False, b""
            say(b"\r\n>>> ")
        elif key == b"\x03":
            line = b""
        elif key != b"\x04":
            line += key if is_raw else b""
            if line == b"\x05A\x01":  # raw paste: understood, and not had
                line = b""
                say(b"R\x00")
        elif is_raw and line:
            code, line = line, b""
            execute(code.decode(), scope)
        else:
            say((b"OK\r\n" if is_raw else b"") + NEWS_ON_SOFT_RESET)
            sys.exit(4 if is_raw else 3)


sys.modules["machine"] = Machine
board_channel.mac = b"\2\0\0\0\0\1"
if len(sys.argv) > 4:
    board_rom.set_slots(sys.argv[4])
sys.modules["vfs"] = board_vfs.with_romfs(board_rom.open_rom())
esp32.set_image(sys.argv[1])
partition = esp32.Partition()
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(partition), "/")
os.chdir("/")
sys.path[:] = [sys.argv[2], "", ".frozen"]
serve(sys.argv[3] == "raw")
