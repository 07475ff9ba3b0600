"""
Refused                  what came in is well formed and signed, and still not taken
  its `name` is one of the NAMES below, or one of wire's: callers count by name

A WireError (wire/errors.py) says the bytes themselves are not what they should be.
"""

# Append, never reorder: exports and reports name these.
NAMES = (
    "replayed",  # a reading that is stored: refused, and acknowledged again
    "contradicted",  # other bytes under a (device, boot, sequence) that is stored: kept as evidence
    "totals_decreased",  # a total is below the one before it, or above the one after
    "implausible_energy",  # more in one record than a low-voltage junction can carry
    "wrong_topic",  # the message is not of the device its topic names
    "unknown_command",  # a receipt for a command that was never issued, or for other bytes
    "wrong_block",  # a block of the right signer whose parts contradict one another
    "fork",  # another block at a height that is already followed
    "replayed_receipt",  # identical to one that is stored
    "stale_load",  # not newer than the last of its M-LMD
    "stale_strategy",  # not newer than the one in force
    "unknown_order",  # not what an operator may have a device do
    "stale_order",  # taken already, or not in its time
    "flood",  # more than a sender may have waiting
    "revoked",  # the operator ended this device on the ledger
    "not_theirs",  # somebody asks for readings of a meter that is not theirs
)


class Refused(Exception):
    def __init__(self, name: str, detail: str = "") -> None:
        assert name in NAMES, name
        super().__init__(name + (": " + detail if detail else ""))
        self.name = name
