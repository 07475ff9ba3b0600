# mypy: ignore-errors
# ruff: noqa: F821 - MicroPython's build runs this file with include, package, module and options in scope
"""
Freezes one role into MicroPython itself, for all boards of its chip: the fastest start and
the smallest heap. manifest_meter.py and manifest_mlmd.py are the files to name:

    make -C micropython/ports/esp32 BOARD=ESP32_GENERIC FROZEN_MANIFEST=$PWD/deploy/manifest_meter.py
"""

import sys

sys.path.insert(0, "..")  # the build stands in this file's folder
from deploy.modules import for_all_boards

for _name in for_all_boards(options.role):
    _folder, _, _file = _name.rpartition("/")
    if _folder:
        package(_folder, (_file,), base_path=".." if _folder == "wire" else "../firmware")
    else:
        module(_file, base_path="../firmware")
