"""
A FollowingLedger is what a service holds in place of an EmbeddedLedger when validators make the blocks: it hands
transactions in at one node, applies the blocks that come out to a ledger file of its own, and holds every app hash
against the validators'.

Its heights count what it published, not CometBFT's blocks: those without a transaction are left out, and several that
one submission was spread over are taken as one where that is the same order. So they do not depend on the
network's pace.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from chain.cometbft.door import Door
from chain.cometbft.errors import Diverged, NodeDown, NotReached, RpcError
from chain.cometbft.offences import Votes, offences_in
from chain.cometbft.proposal import TRANSACTIONS_MAX
from chain.cometbft.rpc import Call, Rpc
from chain.cometbft.sequence import in_turn
from chain.cometbft.verified import Verified
from chain.double_vote import is_new
from chain.embedded import CommittedBlock, EmbeddedLedger
from chain.errors import LedgerError
from chain.genesis import Genesis
from chain.opened import Opened, open_transaction
from chain.order import in_order, order
from chain.status import Status

PATIENCE_S = 60.0
_POLL_S = 0.01
_AGAIN = 500  # polls after which what is in no block is handed in once more
_BATCH = 500  # transactions handed in with one question


class ForeignBlock(NamedTuple):
    """One of CometBFT's blocks. app_hash: after it."""

    height: int
    transactions: tuple[bytes, ...]
    app_hash: bytes


class _Patience:
    """For one submission. Counted in polls, not timed: on the bench the clock stands still meanwhile."""

    def __init__(self, patience_s: float, wait: Callable[[float], None]) -> None:
        self._polls = round(patience_s / _POLL_S)
        self._wait = wait
        self.spent = 0

    @property
    def is_spent(self) -> bool:
        return self.spent >= self._polls

    def spend(self, on: str) -> None:
        """Waits a little. Raises NotReached when there is no patience left."""
        if self.is_spent:
            raise NotReached(f"{on}, after {self._polls * _POLL_S:.0f} s")
        self.spent += 1
        self._wait(_POLL_S)


class FollowingLedger(EmbeddedLedger):
    """followed: CometBFT's height up to which everything is in the file."""

    _rpc: Rpc
    _wait: Callable[[float], None]
    _patience_s: float
    _marker: Path
    _door: Door
    _untold: list[CommittedBlock]  # in the file, and not yet given to whoever submits
    _accused: set[int]  # heights whose block has evidence in it, since this was opened
    followed: int

    @classmethod
    def follow(
        cls,
        path: str | Path,
        genesis: Genesis,
        rpc: Rpc,
        wait: Callable[[float], None] = time.sleep,
        patience_s: float = PATIENCE_S,
    ) -> "FollowingLedger":
        """
        Open the ledger in the file at `path` and catch up. wait(seconds) sleeps on the world's clock.

        Raises LedgerError.
        """
        verified = Verified()
        ledger = cls.open(path, genesis, verified)
        assert isinstance(ledger, cls)
        ledger._rpc, ledger._wait, ledger._patience_s = rpc, wait, patience_s
        ledger._door = Door(verified, open_transaction)
        ledger._marker = marker(path)
        ledger._untold = []
        ledger._accused = set()
        try:
            ledger.followed = ledger._read_marker()
            ledger.catch_up()
        except LedgerError:
            ledger.close()
            raise
        return ledger

    def close(self) -> None:
        self._rpc.close()
        super().close()

    def submit(self, transactions: Iterable[bytes], patience_s: float | None = None) -> list[CommittedBlock]:
        """
        Hand the transactions in, in their order, and come back with the blocks they are in (and others' beside them).

        Raises Away when the validators do not get there in time; what was handed in may still come.
        """
        patience = _Patience(self._patience_s if patience_s is None else patience_s, self._wait)
        self._take([], patience)
        self._take(self._admitted(in_order(transactions)), patience)
        return self._tell()

    def catch_up(self) -> list[CommittedBlock]:
        """The blocks that are there already, whoever handed them in."""
        self._take([], _Patience(self._patience_s, self._wait))
        return self._tell()

    def offences(self) -> list[Votes]:
        """
        Double votes of this ledger's validators that CometBFT has in its blocks and this ledger not on record: for
        whoever may prove them to it (wire/double_vote.py). Raises NotReached, RpcError.
        """
        found = [votes for height in sorted(self._accused) for votes in offences_in(self._rpc, height)]
        fresh = [votes for votes in found if is_new(self.state, votes)]
        if not fresh:
            self._accused.clear()
        return fresh

    def _tell(self) -> list[CommittedBlock]:
        """Each block once, also after a submission that failed halfway."""
        told, self._untold = self._untold, []
        return told

    def _admitted(self, opened: list[Opened]) -> list[bytes]:
        """
        Those that are to be handed in now. What the door here refuses the node's would refuse, too; and out of turn
        nothing is handed in: it would wait for what may never come.
        """
        self._door.block_is_over()
        statuses = {one.transaction: self._door.check(self.state, one.transaction) for one in opened}
        ready = [one for one in opened if statuses[one.transaction] is Status.APPLIED]
        admitted = [one.transaction for one in in_turn(self.state, ready)]
        statuses |= dict.fromkeys({one.transaction for one in ready} - set(admitted), Status.NONCE_GAP)
        self.refused = {key: status for key, status in statuses.items() if status is not Status.APPLIED}
        return admitted

    def _take(self, admitted: list[bytes], patience: "_Patience") -> None:
        """Hand in, and follow until nothing is awaited and nothing is left to follow."""
        awaited = dict.fromkeys(admitted)
        group: list[ForeignBlock] = []
        self._hand_in(awaited, patience)
        while True:
            found = self._fetch((group[-1].height if group else self.followed) + 1, patience)
            if found is None and not awaited:
                return self._apply(group)
            if found is None:
                if patience.is_spent:
                    self._apply(group)
                patience.spend(f"{len(awaited)} transactions are in no block")
                if patience.spent % _AGAIN == 0:  # the node may have fallen with what only its memory held
                    self._hand_in(awaited, patience)
                continue
            if not _is_in_order([*group, found]):
                self._apply(group)
                group = []
            group.append(found)
            for transaction in found.transactions:
                awaited.pop(transaction, None)

    def _hand_in(self, transactions: Iterable[bytes], patience: "_Patience") -> None:
        left = list(transactions)
        while left:
            try:
                self._rpc.give(left[:_BATCH])
                left = left[_BATCH:]
            except NodeDown as error:
                patience.spend(str(error))

    def _fetch(self, height: int, patience: "_Patience") -> ForeignBlock | None:
        """None while the node has not got that far."""
        calls: list[Call] = [(method, {"height": str(height)}) for method in ("block", "block_results")]
        while True:
            try:
                block, results = self._rpc.batch(calls)
                break
            except NodeDown as error:
                patience.spend(str(error))
        if isinstance(block, RpcError) or isinstance(results, RpcError):
            return None
        if block["block"]["evidence"]["evidence"]:
            self._accused.add(height)
        transactions = [base64.b64decode(one) for one in block["block"]["data"]["txs"] or ()]
        return ForeignBlock(height, tuple(transactions), base64.b64decode(results["app_hash"]))

    def _apply(self, group: list[ForeignBlock]) -> None:
        """One block of ours of all of them; none when they are empty. Raises Diverged, LedgerError."""
        if not group:
            return
        transactions = [transaction for block in group for transaction in block.transactions]
        last = group[-1]
        if transactions:
            self._write_marker(last.height)
            self._untold.append(self.commit(transactions))
        self.followed = last.height
        self._write_marker(last.height)
        if self.app_hash != last.app_hash:
            raise Diverged(f"CometBFT's block {last.height} comes to another app hash here")

    def _read_marker(self) -> int:
        """What was followed: the marker says it for both cases, the block it was written before is there or is not."""
        if not self._marker.is_file():
            if self.height:
                raise LedgerError(f"this ledger was not made by following validators: there is no {self._marker.name}")
            return 0
        height, before, after = json.loads(self._marker.read_text(encoding="utf-8"))
        return after if self.height > height else before

    def _write_marker(self, after: int) -> None:
        part = self._marker.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump([self.height, self.followed, after], file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._marker)


def marker(path: str | Path) -> Path:
    """The file beside a followed ledger that says how far; an embedded ledger has none."""
    return Path(f"{path}.followed")


def _is_in_order(group: list[ForeignBlock]) -> bool:
    transactions = [transaction for block in group for transaction in block.transactions]
    return len(transactions) <= TRANSACTIONS_MAX and transactions == order(transactions)
