"""
A Transfer moves money from the signer's wallet to another. To the grid's (an id of zeros) it
is how a settlement key is cashed in; the operator, whose wallet is the grid's, takes a debt
off one with it.
"""

from .kind import TRANSFER as KIND  # noqa: F401
from .schema import ID, U62, Layout, integer

LAYOUT = Layout("Transfer", (("nonce", U62), ("to_id", ID), ("money_micro", integer(1, (1 << 62) - 1))))
Transfer = LAYOUT.cls

SIZE_MAX = 250
