"""
The ledger's time is the market interval. Advance moves it on by the cloud's signature
and closes the interval before; Settlement books a closed interval into the wallets.
"""

from .kind import ADVANCE as ADVANCE_KIND  # noqa: F401
from .kind import SETTLEMENT as SETTLEMENT_KIND  # noqa: F401
from .schema import U32, U62, Layout

ADVANCE_LAYOUT = Layout("Advance", (("nonce", U62), ("interval", U32)))
Advance = ADVANCE_LAYOUT.cls

SETTLEMENT_LAYOUT = Layout("Settlement", (("nonce", U62), ("interval", U32)))
Settlement = SETTLEMENT_LAYOUT.cls

SIZE_MAX = 512
