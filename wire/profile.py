"""
A Profile is what the operator has to know of a user and nobody else may: name, address,
equipment, location. It reaches the ledger in two sealed boxes only, one for the user
and one for the operator; whoever has neither secret key sees that there is one.
"""

from .kind import PROFILE as KIND  # noqa: F401
from .schema import U62, Layout, octets

# A sealed box: an ephemeral X25519 key (32 bytes), a tag (16 bytes), then the plain text's length.
_BOX = octets(48, 2048)

LAYOUT = Layout("Profile", (("nonce", U62), ("for_user", _BOX), ("for_operator", _BOX)))
Profile = LAYOUT.cls

SIZE_MAX = 8192
