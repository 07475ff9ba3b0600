"""
A board on a serial line that is none: a pseudo-terminal, with MicroPython's raw REPL on its
other end. When it is reset it boots what is on its flash, on the bench's granted time, and
what that prints comes out of the line.
"""

import os
import subprocess
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from hil import images, interpreter
from tests.deploy.rom_loader import RomLoader

_REPL = Path(__file__).with_name("board_repl.py")
_RESET, _SOFT_RESET = 3, 4


class SerialBoard:
    def __init__(
        self,
        image: Path,
        folder: Path,
        boot: Callable[[], bytes],
        romfs: Path | None = None,
        loader: RomLoader | None = None,
    ):
        """
        image: its flash. boot(): what the board prints from a reset on. romfs: the file of its ROMFS partition.
        loader: what answers first, as long as somebody talks to it.
        """
        if not image.exists():
            images.make({image: {}}, folder)
        self._image = image
        self._boot = boot
        self._romfs = romfs
        self._loader = loader
        self._line, self._end = os.openpty()
        tty.setraw(self._end)
        self.port = os.ttyname(self._end)
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._closing = threading.Event()
        self.resets = 0
        self._thread.start()

    def _run(self) -> None:
        mode = "friendly"
        if self._loader:
            self._loader.serve(self._line)
        while not self._closing.is_set():
            command = [
                *interpreter.command(),
                "-X",
                "heapsize=1M",
                str(_REPL),
                str(self._image),
                str(images.BOARD),
                mode,
                *([str(self._romfs)] if self._romfs else []),
            ]
            self._process = subprocess.Popen(command, stdin=self._line, stdout=self._line)
            status = self._process.wait()
            if status == _RESET:
                self.resets += 1
                os.write(self._line, self._boot())
            elif status != _SOFT_RESET:
                return
            mode = "raw" if status == _SOFT_RESET else "friendly"

    def close(self) -> None:
        self._closing.set()
        if self._loader:
            os.write(self._end, b"\n")  # it waits for somebody to talk
        if self._process:
            self._process.kill()
        self._thread.join(10)
        os.close(self._line)
        os.close(self._end)
