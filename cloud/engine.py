"""Which engine makes the ledger's blocks: this process alone, or the validators behind a CometBFT node."""

from chain.cometbft.follower import FollowingLedger, marker
from chain.cometbft.rpc import Rpc
from chain.embedded import EmbeddedLedger
from chain.errors import LedgerError
from chain.genesis import Genesis

from .settings import CloudSettings

# The node waits for its validators in place, and answers nobody meanwhile: not so long that its broker forgets it.
PATIENCE_S = 20.0


def open_ledger(settings: CloudSettings, genesis: Genesis) -> EmbeddedLedger:
    """The ledger at settings.ledger, on the engine it was begun with. Raises LedgerError."""
    if settings.engine == "cometbft":
        rpc = Rpc(settings.cometbft_rpc, PATIENCE_S)
        return FollowingLedger.follow(settings.ledger, genesis, rpc, patience_s=PATIENCE_S)
    if marker(settings.ledger).exists():
        raise LedgerError(f'{settings.ledger} follows validators: set engine = "cometbft"')
    return EmbeddedLedger.open(settings.ledger, genesis)
