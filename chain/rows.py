"""
What the rows of the state hold. A row's value is a namedtuple of integers, bytes and tuples of them; its key, and what
the key is made of, is in the docstring. Rows with a noun of their own stand with it (chain/lot.py, chain/board.py ...).
"""

from typing import Any, NamedTuple

from wire import receipt
from wire.schema import U32, Layout


class Number(NamedTuple):
    """A value that is one number."""

    number: int


class Digest(NamedTuple):
    """A value that is one hash."""

    digest: bytes


class Boxes(NamedTuple):
    """A user's profile, sealed to the user and to the operator; by user id."""

    for_user: bytes
    for_operator: bytes


class Subject(NamedTuple):
    """Who holds a key; by subject id."""

    role: int
    public_key: bytes
    owner_id: bytes
    area_id: bytes
    energy_type: int


class FormerKey(NamedTuple):
    """A key that counts no more; by (subject id, number of the key, from 0)."""

    public_key: bytes
    until_interval: int  # the last market interval in which something was signed with it
    ended_by: int  # wire.kind: ROTATION or REVOCATION
    is_lost: int  # 1: the operator ended it; what came later under it is not its holder's


class Agreement(NamedTuple):
    """A contract as agreed, open or closed; by contract id. It stays, so that its id is never taken again."""

    owner_id: bytes
    contract_kind: int
    device_id: bytes
    terms: tuple[int, ...]
    energy_types: tuple[int, ...]
    is_open: int


class Control(NamedTuple):
    """What a contract decided last, for its minimum times; by contract id."""

    value: int
    reason: int
    since_interval: int  # the first interval with this value (a deferrable load: on or off)
    day: int  # UTC day of `switches`
    switches: int
    temperature_mc: int  # measured when the last decision was made
    rise_mc: int  # measured over the last interval it was on for; 0 when never seen


class Head(NamedTuple):
    """Where an aggregator's chain of light blocks ends; by aggregator id."""

    number: int
    digest: bytes


class Book(NamedTuple):
    """What one device measured in one interval, summed over windows and parts; by (interval, device id)."""

    consumed_wh: int
    produced_wh: int
    charged_wh: int
    discharged_wh: int


class Measured(NamedTuple):
    """The latest state of a device's equipment; by device id."""

    window_start_s: int
    consumed_wh: int  # in that window
    temperature_mc: int
    soc_permille: int
    relays: int
    flags: int


class Posted(NamedTuple):
    """The prices of an interval; by interval."""

    price_micro_per_kwh: tuple[int, ...]  # by energy type
    signal_micro_per_kwh: int  # what contracts go by: docs/price.md


# A receipt, and when the ledger took it.
Recorded = Layout("Recorded", (*receipt.LAYOUT.fields, ("recorded_interval", U32))).cls


class Seat(NamedTuple):
    """Whose an area is now."""

    aggregator_id: bytes


class Flow(NamedTuple):
    """Energy that moved from one meter to another in one interval. GRID_ID stands for the upper network."""

    producer_id: bytes
    consumer_id: bytes
    energy_type: int
    energy_wh: int
    price_micro_per_kwh: int
    money_micro: int


class Settled(NamedTuple):
    """An interval as it is booked into the wallets now; by interval."""

    flows: tuple[Flow, ...]


class Paid(NamedTuple):
    """What a period's settlement keys got and owe; by (period, share of the accounts)."""

    unit_micro: int
    credited: int  # keys that got a unit
    debited: int  # keys that owe one


class Wallet(NamedTuple):
    """A user's account, or the grid's; by user id, GRID_ID for the grid."""

    balance_micro: int
    bought_wh: int
    sold_wh: int


GRID_ID = bytes(8)  # in place of a meter or a user


def settled(row: Any) -> Settled:
    """From plain rows, as they are stored."""
    return Settled(tuple(Flow(*flow) for flow in row[0]))
