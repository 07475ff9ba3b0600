"""
A Version is what a contract said and from when to when it was in force. Amending makes another one and none is ever
changed, so an interval that is settled again, however late, is settled by what was agreed then.
"""

from typing import NamedTuple

FOR_EVER = 0xFFFFFFFF


class Version(NamedTuple):
    """One version of a contract, and when it was in force; by (contract id, version). It stays."""

    since_interval: int
    until_interval: int  # the first interval it is not in force any more; FOR_EVER until it was amended or closed
    terms: tuple[int, ...]
    energy_types: tuple[int, ...]
    before_contract_id: int  # what was agreed for the same device and kind before; 0 for nothing
    before_version: int


class Latest(NamedTuple):
    """The latest version there ever was, open or closed; by (device id, contract kind)."""

    contract_id: int
    version: int
