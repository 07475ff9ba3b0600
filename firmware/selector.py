"""
The Selector is what runs first, and the one part of the firmware that no update touches: it
lies on the flash beside start.py (there as main.py), choice.py, slots.py, twin.py and rom.py, outside of the
slots. It mounts one of them, and takes the board back to the old firmware when the new one fails.
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


def _mount(memory, slot):
    try:
        vfs.umount("/rom")
    except OSError:
        pass  # the port had found nothing to mount
    half = len(memory) // 2
    # The stubs do not know VfsRom yet.
    rom = vfs.VfsRom(memory[slot * half : (slot + 1) * half])  # pyright: ignore[reportAttributeAccessIssue]
    vfs.mount(rom, "/rom")
    if "/rom" in sys.path:
        sys.path.remove("/rom")
    sys.path.insert(0, "/rom")


def prepare():
    """Mount the slot that is to run. Returns whether it is on trial."""
    rom = open_rom()
    assert rom, "this board has no romfs partition"
    partition, memory = rom
    slot, is_trial = choose(Slots(), Flash(partition), _reason_of(machine.reset_cause()))
    _mount(memory, slot)
    return is_trial


def mount_active():
    """For provisioning over the serial line: what runs is at hand, and nothing is tried."""
    rom = open_rom()
    assert rom, "this board has no romfs partition"
    _mount(rom[1], Slots().active)


# The image may have confirmed itself by now: then it stays.
def _give_up(reason):
    kept = Slots()
    if kept.state == TRYING:
        kept.explain(reason)
        machine.reset()


def forget():
    """The firmware has its own of these modules, of its own version."""
    for name in ("selector", "choice", "slots", "twin"):
        sys.modules.pop(name, None)


def attempt():
    """Run what is on trial. Whatever comes of it, the next start finds it in the record."""
    machine.WDT(timeout=_HANG_MS)
    # 0 is the breaker's sampler.
    machine.Timer(1).init(mode=machine.Timer.ONE_SHOT, period=_TRIAL_MS, callback=lambda _: _give_up("overdue"))
    forget()
    try:
        __import__("main")  # a firmware never returns
    except Exception as error:
        # The stubs' sys is CPython's.
        sys.print_exception(error)  # pyright: ignore[reportAttributeAccessIssue]
    _give_up("raised")
    machine.reset()
