"""
The State is everything the ledger knows, as named tables of key -> value: what rules read and write, what the engine
keeps on disk, and what the app hash is a function of.

Keys are bytes, values are rows (chain/rows.py). A rule writes through `put` and `delete` (chain/table.py), so the state
knows what changed since it was sealed; `seal` brings the app hash up to date at the price of the changes.
"""

from hashlib import sha256
from typing import Any

from chain import lot, rows
from chain.archive import Archive, Root
from chain.board import Commitment, Posting
from chain.genesis import Genesis
from chain.ledgers import Anchored, Member
from chain.rows import (
    GRID_ID,
    Agreement,
    Book,
    Boxes,
    Control,
    Digest,
    Flow,
    FormerKey,
    Head,
    Measured,
    Number,
    Paid,
    Posted,
    Recorded,
    Seat,
    Settled,
    Subject,
    Wallet,
)
from chain.table import Table
from chain.trie import Trie
from chain.version import Latest, Version
from chain.weights import Validator
from wire.block import Decision

__all__ = [
    "GRID_ID",
    "LAST_DECISION",
    "NOW",
    "TABLES",
    "Agreement",
    "Book",
    "Boxes",
    "Control",
    "Digest",
    "Flow",
    "FormerKey",
    "Head",
    "Measured",
    "Number",
    "Paid",
    "Posted",
    "Recorded",
    "Seat",
    "Settled",
    "State",
    "Subject",
    "Table",
    "Wallet",
    "leaf_path",
    "u32",
    "u64",
]

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
    ("settled", rows.settled),
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
    ("payouts", lambda row: Paid(*row)),
    ("settlement_keys", lambda row: Number(*row)),  # by id: the period it is of
    ("seats", lambda row: Seat(*row)),  # by area id, of areas that another aggregator took over
    ("moved", lambda row: Number(*row)),  # by wallet: what payouts and transfers brought it, or took
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
        self._trie = Trie()
        self.tables = tuple(Table(name, number, make) for number, (name, make) in enumerate(TABLES))
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
            self.payouts,
            self.settlement_keys,
            self.seats,
            self.moved,
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
        for table in self.tables:
            for key in table.changed:
                encoded = table.encoded(key)
                self.unsaved[table.number, key] = encoded
                path = leaf_path(table.number, key)
                leaves[path] = None if encoded is None else sha256(encoded).digest()
            table.changed.clear()
        self.unsaved.update(self.left)
        self.left.clear()
        self._trie.update(leaves)
        return self._trie.root
