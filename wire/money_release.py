"""
A Release asks the ledger for the outcome of an exchange. Whoever sends it decides
nothing: the books decide, from signed readings, whether the money goes to the device's
owner or back.
"""

from .kind import RELEASE as KIND  # noqa: F401
from .schema import ID, U62, Layout

LAYOUT = Layout("Release", (("nonce", U62), ("offer_id", ID)))
Release = LAYOUT.cls

SIZE_MAX = 512
