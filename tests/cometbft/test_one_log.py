"""R16: the same log under both engines, five hash seeds and a replay comes to one app hash."""

from chain.embedded import EmbeddedLedger
from chain.order import order
from tests.chain.some_days import play
from tests.cometbft.nodes import genesis_text, runs
from tests.one_log import HASH_SEEDS, everywhere, pythons


def test_one_log_has_one_app_hash(tmp_path):
    world = play(intervals=4)
    ledger = EmbeddedLedger.open(tmp_path / "ledger.sqlite", world.genesis)
    for piece in runs(world.log):
        assert order(piece) == piece
        ledger.commit(piece)
    ledger.close()
    (tmp_path / "genesis.toml").write_text(genesis_text(world.genesis))
    rows = everywhere(tmp_path / "ledger.sqlite", tmp_path / "genesis.toml")
    assert len(rows) == 3 * len(HASH_SEEDS) * len(pythons())
    assert {digest for _, digest in rows} == {world.state.app_hash.hex()}, rows
