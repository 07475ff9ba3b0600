"""
One application and what CometBFT asks it, in the test's own process: `decide` is a height as consensus runs it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chain.cometbft import messages
from chain.cometbft.application import Application, app_state, chain_id
from chain.cometbft.messages import PUBLIC_KEY, REQUEST, VALIDATOR_UPDATE
from chain.genesis import Genesis
from chain.status import Status

REQUESTS = {field.name: field.kind for field in REQUEST.fields}
BYTES_MAX = 6 << 20


class Node:
    """An application with its file in `directory`, from its first block or wherever it was."""

    def __init__(
        self, directory: Path, genesis: Genesis, snapshot_every: int = 0, validators: dict[bytes, int] | None = None
    ) -> None:
        directory.mkdir(exist_ok=True)
        self.directory, self.genesis = directory, genesis
        self._settings = (validators or {}, snapshot_every)
        self.application = Application(directory / "ledger.sqlite", genesis, *self._settings)
        if not self.ask("info").last_block_height:
            self.init_chain()

    def ask(self, name: str, **fields: Any) -> Any:
        return self.application.handlers[name](REQUESTS[name](**fields))

    def init_chain(self, **fields: Any) -> Any:
        expected = {"chain_id": chain_id(self.genesis), "app_state_bytes": app_state(self.genesis), "initial_height": 1}
        updates = [VALIDATOR_UPDATE(PUBLIC_KEY(key), power) for key, power in self._settings[0].items()]
        expected |= {"validators": tuple(updates)}
        return self.ask("init_chain", **{**expected, **fields})

    def check(self, transaction: bytes) -> str:
        return Status(self.ask("check_tx", tx=transaction).code).name

    def propose(self, waiting: Sequence[bytes], bytes_max: int = BYTES_MAX) -> tuple[bytes, ...]:
        return self.ask("prepare_proposal", txs=tuple(waiting), max_tx_bytes=bytes_max).txs

    def accepts(self, transactions: Sequence[bytes]) -> bool:
        return self.ask("process_proposal", txs=tuple(transactions)).status == 1

    def finalize(self, transactions: Sequence[bytes]) -> Any:
        return self.ask("finalize_block", txs=tuple(transactions), height=self.application.height + 1)

    def decide(self, transactions: Sequence[bytes]) -> Any:
        """The next height with these transactions, as they are."""
        result = self.finalize(transactions)
        assert self.ask("commit") == messages.Commit()
        return result

    def restart(self) -> None:
        """As after a crash: what was not committed is gone."""
        self.application.close()
        self.application = Application(self.directory / "ledger.sqlite", self.genesis, *self._settings)

    @property
    def app_hash(self) -> bytes:
        return self.application.state.app_hash
