"""The full node's side of the proofs, on a ledger file whose first intervals have left the state."""

from pathlib import Path

from chain.embedded import load_state
from chain.ledger_file import LedgerFile
from chain.prove import path_to, prove, with_reading
from tests.chain.world import START, World
from tests.phone.kept import history, write
from wire import kind, merkle, proof, reading
from wire.interval import start_of


class Node:
    """The full node's side: a ledger file, read."""

    def __init__(self, path: Path) -> None:
        self.world: World = history()
        self.readings = [self._reading(number) for number in range(1, 8)]
        self._add_readings()
        self.headers = write(self.world, path)
        self.file = LedgerFile(path, is_writing=False)
        self.state = load_state(self.file, self.world.genesis)

    def _reading(self, number: int) -> bytes:
        names = [name for name, _ in reading.RECORD.fields]
        record = dict.fromkeys(names, 0) | {"start_s": start_of(START), "duration_s": 900, "consumed_wh": number}
        content = (1, number, (reading.Record(**record),))
        return self.world.sign("m1", kind.READING, reading.LAYOUT, content)

    def _add_readings(self) -> None:
        """A light block that is the root over real readings."""
        interval = self.world.state.interval
        self.window_start_s = start_of(interval)
        root = merkle.root(self.readings)
        block = self.world.light_block(
            "area", self.window_start_s, {"m1": {"consumed_wh": 28}}, merkle_root=root, reading_count=7
        )
        self.world.must(block)

    def prove(self, table: int, key: bytes) -> bytes:
        return prove(self.state, self.file, table, key, self.headers[-1])

    @property
    def root_key(self) -> bytes:
        """Of the light block over `readings`."""
        return self.world.id("area") + self.window_start_s.to_bytes(8, "big") + bytes(2)

    def prove_reading(self, index: int) -> bytes:
        return with_reading(self.prove(proof.ROOTS, self.root_key), self.readings[index], path_to(self.readings, index))
