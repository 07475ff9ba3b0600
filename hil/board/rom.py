"""The firmware's rom.py, for boards whose ROMFS partition is a file: Python has no block device that is memory, too."""

from board_rom import open_rom  # noqa: F401
