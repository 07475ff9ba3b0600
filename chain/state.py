"""
The State is everything the ledger knows, as named tables of key -> value: what rules read and write, what the engine
keeps on disk, and what the app hash is a function of.

Keys are bytes, values are namedtuples of integers, bytes and tuples of them. A rule writes through `put` and `delete`,
so the state knows what changed since it was sealed; `seal` brings the app hash up to date at the price of the changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import cbor2

from chain import lot
from chain.archive import INTERVAL_OF, Archive, Root
from chain.board import Commitment, Posting
from chain.errors import LedgerCorrupt
from chain.genesis import Genesis
from chain.ledgers import Anchored, Member
from chain.trie import Trie
from chain.version import Latest, Version
from chain.weights import Validator
from wire import receipt
from wire.block import Decision
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


class Wallet(NamedTuple):
    """A user's account, or the grid's; by user id, GRID_ID for the grid."""

    balance_micro: int
    bought_wh: int
    sold_wh: int


GRID_ID = bytes(8)


def _plain(row: list) -> tuple:
    return tuple(_plain(item) if isinstance(item, list) else item for item in row)


class Table:
    """One named table. `make` builds its values; `number` is its place in TABLES, for ever."""

    def __init__(self, name: str, number: int, make: Any, changed: set[tuple[int, bytes]]) -> None:
        self.name = name
        self.number = number
        self._make = make
        self._rows: dict[bytes, Any] = {}
        self._changed = changed
        self._interval_of = INTERVAL_OF.get(name)
        self._of_interval: dict[int, set[bytes]] = defaultdict(set)

    def get(self, key: bytes, default: Any = None) -> Any:
        return self._rows.get(key, default)

    def put(self, key: bytes, value: tuple) -> None:
        self._rows[key] = value
        self._changed.add((self.number, key))
        if self._interval_of is not None:
            self._of_interval[self._interval_of(key, value)].add(key)

    def delete(self, key: bytes) -> None:
        value = self._rows.pop(key)
        self._changed.add((self.number, key))
        if self._interval_of is not None:
            keys = self._of_interval[self._interval_of(key, value)]
            keys.discard(key)
            if not keys:
                del self._of_interval[self._interval_of(key, value)]

    def of_interval(self, interval: int) -> list[bytes]:
        """The keys that belong to an interval (chain/archive.py), ascending."""
        return sorted(self._of_interval.get(interval, ()))

    def __contains__(self, key: bytes) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def items(self) -> Iterator[tuple[bytes, Any]]:
        """Ascending by key: no rule may depend on the order of insertion."""
        for key in sorted(self._rows):
            yield key, self._rows[key]

    def rows(self) -> Iterable[tuple[bytes, Any]]:
        """In no order that may matter: for sums only."""
        return self._rows.items()

    def encoded(self, key: bytes) -> bytes | None:
        """The value as it is hashed and stored; None when there is none."""
        value = self._rows.get(key)
        return None if value is None else cbor2.dumps(value)

    def load(self, key: bytes, encoded: bytes) -> None:
        """Put back a stored row. Raises LedgerCorrupt when `encoded` is no row of this table."""
        try:
            row = cbor2.loads(encoded)
            self.put(key, self._make(_plain(row)))
        except (cbor2.CBORDecodeError, TypeError, ValueError, IndexError) as error:
            raise LedgerCorrupt(f"a row of {self.name} cannot be read: {error}") from error


def _settled(row: tuple) -> Settled:
    return Settled(tuple(Flow(*flow) for flow in row[0]))


# Append, never reorder: the number of a table is part of the hash of its rows.
TABLES = (
    ("time", lambda row: Number(*row)),
    ("genesis", lambda row: Digest(*row)),
    ("subjects", lambda row: Subject(*row)),
    ("nonces", lambda row: Number(*row)),
    ("contracts", lambda row: Agreement(*row)),
    ("contract_of", lambda row: Number(*row)),  # the open contract of (device id, contract kind)
    ("controls", lambda row: Control(*row)),
    ("heads", lambda row: Head(*row)),
    ("parts", lambda row: Number(*row)),  # how many parts of (area id, window start) there are
    ("books", lambda row: Book(*row)),
    ("area_wh", lambda row: Number(*row)),  # net import of (interval, area id)
    ("measured", lambda row: Measured(*row)),
    ("unsettled", lambda row: Number(*row)),  # intervals with readings that are in no wallet yet; the number is 1
    ("prices", lambda row: Posted(*row)),
    ("decisions", lambda row: Decision(*row)),
    ("receipts", lambda row: Recorded(*row)),  # by (device id, command sequence)
    ("answers", lambda row: Number(*row)),  # decision id -> command sequence of the receipt that answers it
    ("settled", _settled),
    ("wallets", lambda row: Wallet(*row)),
    ("versions", lambda row: Version(*row)),
    ("latest_versions", lambda row: Latest(*row)),
    ("lots", lot.lot),
    ("cycles", lot.cycles),
    ("stocks", lot.stock),
    ("losses", lambda row: Number(*row)),  # of (interval, area id): what its M-LMDs measured and its meters did not
    ("loss_accounts", lambda row: Number(*row)),  # by area id: the sum of its losses
    ("roots", lambda row: Root(*row)),
    ("archive", lambda row: Archive(*row)),
    ("former_keys", lambda row: FormerKey(*row)),
    ("keys_ended", lambda row: Number(*row)),  # by subject id: how many former keys it has
    ("revoked", lambda row: Number(*row)),  # by subject id: the reason, as in wire/revocation.py
    ("offers", lambda row: Posting(*row)),
    ("deadlines", lambda row: Number(*row)),  # (interval, offer id) of the offers that run; the number is 1
    ("commitments", lambda row: Commitment(*row)),
    ("committed", lambda row: Digest(*row)),  # of the light block of (area id, window start, part)
    ("faults", lambda row: Number(*row)),  # proved of an aggregator, by chain/evidence.py: Fault.key; in which interval
    ("excluded", lambda row: Number(*row)),  # aggregators whose light blocks count no more; since which interval
    ("profiles", lambda row: Boxes(*row)),
    ("members", lambda row: Member(*row)),
    ("anchors", lambda row: Anchored(*row)),
    ("validators", lambda row: Validator(*row)),
)


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


NOW = b"interval"
LAST_DECISION = b"decision_id"


def leaf_path(number: int, key: bytes) -> bytes:
    """Where the row of a table stands in the trie."""
    return sha256(bytes((number,)) + key).digest()


class State:
    """All tables of one ledger, and their app hash."""

    def __init__(self, genesis: Genesis) -> None:
        self.genesis = genesis
        self.unsaved: dict[tuple[int, bytes], bytes | None] = {}
        self.left: dict[tuple[int, bytes], bytes] = {}  # rows that left the state since it was sealed
        self._changed: set[tuple[int, bytes]] = set()
        self._trie = Trie()
        self.tables = tuple(Table(name, number, make, self._changed) for number, (name, make) in enumerate(TABLES))
        (
            self.time,
            self.genesis_digest,
            self.subjects,
            self.nonces,
            self.contracts,
            self.contract_of,
            self.controls,
            self.heads,
            self.parts,
            self.books,
            self.area_wh,
            self.measured,
            self.unsettled,
            self.prices,
            self.decisions,
            self.receipts,
            self.answers,
            self.settled,
            self.wallets,
            self.versions,
            self.latest_versions,
            self.lots,
            self.cycles,
            self.stocks,
            self.losses,
            self.loss_accounts,
            self.roots,
            self.archive,
            self.former_keys,
            self.keys_ended,
            self.revoked,
            self.offers,
            self.deadlines,
            self.commitments,
            self.committed,
            self.faults,
            self.excluded,
            self.profiles,
            self.members,
            self.anchors,
            self.validators,
        ) = self.tables

    @classmethod
    def begin(cls, genesis: Genesis) -> "State":
        """The state before the first transaction."""
        state = cls(genesis)
        state.time.put(NOW, Number(genesis.start_interval))
        state.genesis_digest.put(b"", Digest(genesis.digest))
        state.seal()
        return state

    @property
    def interval(self) -> int:
        """The ledger's time: the market interval that is open."""
        return self.time.get(NOW).number

    @property
    def app_hash(self) -> bytes:
        """32 bytes, as of the last `seal`."""
        return self._trie.root

    def siblings(self, number: int, key: bytes) -> list[bytes] | None:
        """What proves a row against the app hash, as of the last `seal`; None when there is no such row."""
        return self._trie.siblings(leaf_path(number, key))

    def walk(self, number: int, key: bytes) -> Any:
        """Trie.walk towards a row, also towards one that is not there."""
        return self._trie.walk(leaf_path(number, key))

    def seal(self) -> bytes:
        """Bring the app hash up to date, and keep what changed in `unsaved` for the engine."""
        leaves: dict[bytes, bytes | None] = {}
        for number, key in self._changed:
            encoded = self.tables[number].encoded(key)
            self.unsaved[number, key] = encoded
            path = leaf_path(number, key)
            leaves[path] = None if encoded is None else sha256(encoded).digest()
        self._changed.clear()
        self.unsaved.update(self.left)
        self.left.clear()
        self._trie.update(leaves)
        return self._trie.root
