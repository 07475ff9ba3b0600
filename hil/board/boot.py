"""
Start script of an emulated board, as `_boot.py` is on the ESP32 port: mounts the flash
as the working directory and runs main.py.

micropython -X heapsize=256k boot.py DESCRIPTOR FLASH_IMAGE MAC RESET_CAUSE MAIN.PY [PATH ...]

DESCRIPTOR is the inherited control channel, MAC twelve hex digits, PATH what stands on
sys.path beside the folder of MAIN.PY. `python -m hil.one` starts one by hand.
"""

import sys

sys.path[:] = [sys.path[0], ".frozen"]
import board_channel as bench  # noqa: E402

_, descriptor, image, mac, cause, main, *paths = sys.argv
bench.open_channel(int(descriptor), bytes.fromhex(mac))
bench.reset_cause = int(cause)

import board_tasks  # noqa: E402

sys.modules["_asyncio"] = board_tasks
import os  # noqa: E402

import esp32  # noqa: E402
import vfs  # noqa: E402

esp32.set_image(image)
vfs.mount(vfs.VfsLfs2(esp32.Partition()), "/flash")
os.chdir("/flash")
sys.path[1:1] = [main.rsplit("/", 1)[0]] + paths
sys.argv[:] = []
execfile(main, {"__name__": "__main__"})  # noqa: F821
