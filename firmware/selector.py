"""
The Selector is what starts first, and the one part of the firmware that no update touches:
it lies as main.py on the flash beside choice.py, slots.py, twin.py and rom.py, outside of the
slots. It runs one of them, and takes the board back to the old firmware when the new one fails.
"""

import sys

import machine
import vfs
from choice import choose
from rom import open_rom
from slots import TRYING, Flash, Slots

_HANG_MS = 120000  # until the firmware has set up a watchdog of its own
_TRIAL_MS = 1800000  # a trial that came to no verdict by then is over, whatever the image thinks


# What a reset says of a trial that it ended.
def _reason_of(reset_cause):
    if reset_cause == machine.WDT_RESET:
        return "hung"
    return "restarted" if reset_cause in (machine.HARD_RESET, machine.SOFT_RESET) else "interrupted"


def _unmount():
    try:
        vfs.umount("/rom")
    except OSError:
        pass  # the port had found nothing to mount


def _run(memory, slot):
    half = len(memory) // 2
    _unmount()
    # The stubs do not know VfsRom yet.
    rom = vfs.VfsRom(memory[slot * half : (slot + 1) * half])  # pyright: ignore[reportAttributeAccessIssue]
    vfs.mount(rom, "/rom")
    # The firmware has its own of these, of its own version.
    for name in ("slots", "twin", "choice"):
        sys.modules.pop(name, None)
    if "/rom" in sys.path:
        sys.path.remove("/rom")
    sys.path.insert(0, "/rom")
    __import__("main")


# Whatever comes of it, the next start finds it in the record.
def _try(memory, slot):
    machine.WDT(timeout=_HANG_MS)
    # 0 is the breaker's sampler.
    machine.Timer(1).init(mode=machine.Timer.ONE_SHOT, period=_TRIAL_MS, callback=lambda _: _give_up("overdue"))
    try:
        _run(memory, slot)  # a firmware never returns
    except Exception as error:
        sys.print_exception(error)  # pyright: ignore[reportAttributeAccessIssue]
    _give_up("raised")
    machine.reset()


# The image may have confirmed itself by now: then it stays.
def _give_up(reason):
    kept = Slots()
    if kept.state == TRYING:
        kept.explain(reason)
        machine.reset()


def start():
    rom = open_rom()
    assert rom, "this board has no romfs partition"
    partition, memory = rom
    slot, is_trial = choose(Slots(), Flash(partition), _reason_of(machine.reset_cause()))
    if is_trial:
        _try(memory, slot)
    _run(memory, slot)


if __name__ == "__main__":
    start()
