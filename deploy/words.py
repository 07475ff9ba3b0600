"""
Words that MicroPython has in its flash on every board and on the Unix port: names of its own
modules, types and methods. A name that is one of them costs no heap; to the linker it says no more than "the 311th".

Listed by `dir` of version 1.29's modules. A word that an older MicroPython lacks costs it some eight bytes.
"""

import builtins
from pathlib import Path

WORDS = tuple(Path(__file__).with_suffix(".txt").read_text(encoding="ascii").split())
# Those that a variable may be called, too: MicroPython's compiler itself looks some others up.
PLAIN_WORDS = tuple(word for word in WORDS if word not in dir(builtins))
