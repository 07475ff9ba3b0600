"""
The Application is the ledger as CometBFT sees it: it answers what blocks may hold, what they come to, and keeps them.
All decisions are the state machine's; the order of calls and what is durable when are ABCI's.

What `commit` answered is on the disk. FinalizeBlock only works a block out: after a crash CometBFT sends it again.
"""

from collections.abc import Callable
from itertools import starmap
from pathlib import Path
from typing import Any

from chain.cometbft import messages, proposal
from chain.cometbft.door import Door
from chain.cometbft.protobuf import varint
from chain.cometbft.questions import answer
from chain.cometbft.snapshot import FORMAT, Offer, Restoration, Snapshots
from chain.cometbft.verified import OpenedOnce, Verified
from chain.double_vote import chain_id_of
from chain.embedded import load_state
from chain.errors import LedgerError, WrongGenesis
from chain.genesis import Genesis
from chain.ledger_file import LedgerFile, StoredBlock
from chain.status import Status
from chain.transition import apply_opened
from chain.weights import changes, in_force

APP_VERSION = 1
CODESPACE = "gridtide"  # a code above 0 is a number of chain/status.py
ACCEPT, REJECT = 1, 2
AGAIN = 1  # RequestCheckTx.type of what waited through a block
# Of a snapshot on its way in: tendermint/abci/types.proto, ResponseOfferSnapshot and ResponseApplySnapshotChunk.
SNAPSHOT_REJECT, SNAPSHOT_REJECT_FORMAT = 3, 4
CHUNK_RETRY, CHUNK_REJECT_SNAPSHOT = 3, 5


def chain_id(genesis: Genesis) -> str:
    """CometBFT's name for the network."""
    return chain_id_of(genesis.network_id)


def app_state(genesis: Genesis) -> bytes:
    """What CometBFT's genesis.json says of ours: its digest, as a JSON string."""
    return b'"' + genesis.digest.hex().encode() + b'"'


class Application:
    """
    One node's ledger. validators: by key, the power that CometBFT's genesis gives; it counts until the ledger's weights
    do. snapshot_every: heights between two snapshots; 0 for none.
    """

    def __init__(
        self, path: Path, genesis: Genesis, validators: dict[bytes, int] | None = None, snapshot_every: int = 0
    ) -> None:
        self._path = path
        self._genesis = genesis
        self._validators = validators or {}
        self._snapshot_every = snapshot_every
        self._snapshots = Snapshots(path.parent / "snapshots")
        self._restoration: Restoration | None = None
        self.verified = Verified()
        self._opened = OpenedOnce()
        self._door = Door(self.verified, self._opened)
        self._finalized: StoredBlock | None = None
        self._open()

    def _open(self) -> None:
        """Raises LedgerError."""
        self._file = LedgerFile(self._path, is_writing=True)
        try:
            self.state = load_state(self._file, self._genesis)
        except LedgerError:
            self._file.close()
            raise
        self.height = self._file.height()
        self._app_hash = self.state.app_hash
        self._powers = self._powers_now()

    def _powers_now(self) -> dict[bytes, int]:
        """What the state in memory makes of the validators."""
        excluded = {key for key, _ in self.state.excluded.items()}
        return in_force(dict(self.state.validators.items()), self._validators, excluded)

    def close(self) -> None:
        self._file.close()

    @property
    def handlers(self) -> dict[str, Callable[[Any], Any]]:
        """By the name of the request."""
        names = [field.name for field in messages.REQUEST.fields]
        return {name: getattr(self, name) for name in names}

    # What every connection may ask

    def echo(self, request: Any) -> Any:
        return request

    def flush(self, request: Any) -> Any:
        return request

    def info(self, _: Any) -> Any:
        return messages.Info("gridtide", "1", APP_VERSION, self.height, self._app_hash if self.height else b"")

    def query(self, request: Any) -> Any:
        if request.height not in (0, self.state_height):
            return messages.Query(code=3, log=f"only height {self.state_height} can be asked", codespace=CODESPACE)
        found = answer(self.state, request.path, request.data, bool(request.prove))
        return messages.Query(*found, height=self.state_height, codespace=CODESPACE if found.code else "")

    @property
    def state_height(self) -> int:
        """Of the state in memory: a block ahead of the disk between FinalizeBlock and Commit."""
        return self.height if self._finalized is None else self._finalized.height

    # The mempool's connection

    def check_tx(self, request: Any) -> Any:
        check = self._door.check_again if request.type == AGAIN else self._door.check
        status = check(self.state, request.tx)
        if status is Status.APPLIED:
            return messages.CheckTx()
        return messages.CheckTx(int(status), status.name, CODESPACE)

    # The consensus connection

    def init_chain(self, request: Any) -> Any:
        """Raises WrongGenesis when CometBFT's genesis was made for another ledger."""
        expected = chain_id(self._genesis)
        if request.chain_id != expected or request.app_state_bytes != app_state(self._genesis):
            raise WrongGenesis(f"CometBFT's genesis ({request.chain_id}) is not of this ledger ({expected})")
        named = {one.pub_key.ed25519: one.power for one in request.validators}
        if named != self._validators:
            raise WrongGenesis("CometBFT's genesis names other validators than this application was told")
        assert request.initial_height == 1 and self.height == 0
        return messages.InitChain(app_hash=self.state.app_hash)

    def prepare_proposal(self, request: Any) -> Any:
        return messages.PrepareProposal(
            tuple(proposal.prepare(self.state, request.txs, request.max_tx_bytes, self._opened))
        )

    def process_proposal(self, request: Any) -> Any:
        return messages.ProcessProposal(ACCEPT if proposal.is_acceptable(request.txs, self._opened) else REJECT)

    def extend_vote(self, _: Any) -> Any:
        """Votes carry nothing of ours."""
        return messages.ExtendVote()

    def verify_vote_extension(self, request: Any) -> Any:
        return messages.VerifyVoteExtension(REJECT if request.vote_extension else ACCEPT)

    def finalize_block(self, request: Any) -> Any:
        if self._finalized is not None:  # CometBFT fell before it said Commit, and is back
            self.state = load_state(self._file, self._genesis)
            self._finalized = None
        assert request.height == self.height + 1, f"block {request.height} after {self.height}"
        result = apply_opened(self.state, map(self._opened, request.txs), self.verified)
        self._finalized = StoredBlock(
            request.height, self.state.interval, request.txs, result.statuses, result.decisions, result.app_hash
        )
        updates = changes(self._powers, self._powers_now())
        return messages.FinalizeBlock(
            tuple(map(_result, result.statuses)), tuple(starmap(_update, updates.items())), result.app_hash
        )

    def commit(self, _: Any) -> Any:
        """Raises sqlite3.Error when the disk does not take it: the node stops, and asks for the block again."""
        block = self._finalized
        assert block is not None
        self._file.append(block, self.state.unsaved)
        self.state.unsaved.clear()
        self._finalized = None
        self.height, self._app_hash, self._powers = block.height, block.app_hash, self._powers_now()
        self._door.block_is_over()
        if self._snapshot_every and self.height % self._snapshot_every == 0:
            self._snapshots.take(self.height, self.state)
        return messages.Commit()

    # The snapshot connection

    def list_snapshots(self, _: Any) -> Any:
        return messages.ListSnapshots(tuple(messages.SNAPSHOT(*offer) for offer in self._snapshots.offers()))

    def load_snapshot_chunk(self, request: Any) -> Any:
        return messages.LoadSnapshotChunk(self._snapshots.chunk(request.height, request.chunk))

    def offer_snapshot(self, request: Any) -> Any:
        offer = Offer(*request.snapshot)
        if offer.format != FORMAT:
            return messages.OfferSnapshot(SNAPSHOT_REJECT_FORMAT)
        if not offer.is_sound or self.height:
            return messages.OfferSnapshot(SNAPSHOT_REJECT)
        self._restoration = Restoration(offer, request.app_hash)
        return messages.OfferSnapshot(ACCEPT)

    def apply_snapshot_chunk(self, request: Any) -> Any:
        restoration = self._restoration
        assert restoration is not None, "a chunk of a snapshot that was not accepted"
        if not restoration.add(request.index, request.chunk):
            refetch = varint(request.index)
            return messages.ApplySnapshotChunk(CHUNK_RETRY, refetch, (request.sender,))
        if not restoration.is_complete:
            return messages.ApplySnapshotChunk(ACCEPT)
        return messages.ApplySnapshotChunk(self._restore(restoration))

    def _restore(self, restoration: Restoration) -> int:
        self._restoration = None
        self._file.close()
        try:
            restoration.restore(self._path, self._genesis)
        except LedgerError:
            return CHUNK_REJECT_SNAPSHOT
        finally:
            self._open()
        return ACCEPT


def _update(key: bytes, power: int) -> Any:
    return messages.VALIDATOR_UPDATE(messages.PUBLIC_KEY(key), power)


_APPLIED = messages.TX_RESULT()


def _result(status: Status) -> Any:
    return _APPLIED if status is Status.APPLIED else messages.TX_RESULT(int(status), b"", status.name, CODESPACE)
